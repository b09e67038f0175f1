// Gradient of a convolution's weights for GPUs: an implicit matrix product in tiles of workgroup memory.
//   dw[split][m, c, ty, tx] = sum over n, oy, ox of dy[n, m, oy, ox] * x[n, c, oy * stride + ty - pad, ox * stride + tx - pad]
// M = output channels, N = in_channels * taps, and the long K = batch * pixels, which is cut into `splits` runs whose partial
// sums are added by a second pass in a fixed order. A workgroup of 16 x 16 makes a tile of 64 x 64, 4 x 4 an invocation.
// Grid: x = tiles of N, y = tiles of M, z = splits.
const TAPS_X: u32 = 3; // @tunable
const TAPS_Y: u32 = 3; // @tunable
const TAPS: u32 = TAPS_X * TAPS_Y;

struct Params {
  batch: u32, in_channels: u32, in_height: u32, in_width: u32,
  out_channels: u32, out_height: u32, out_width: u32,
  stride: u32, pad: i32, reflect: u32, pixels_a_split: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/source.wgsl

var<workgroup> tile_dy: array<f32, 1088>;
var<workgroup> tile_x: array<f32, 1088>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) id: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let m0 = group.y * 64;
  let n0 = group.x * 64;
  let columns = params.in_channels * TAPS;
  let plane = params.out_height * params.out_width;
  let in_plane = params.in_height * params.in_width;
  let first = group.z * params.pixels_a_split;
  let end = min(first + params.pixels_a_split, params.batch * plane);

  var acc: array<vec4f, 4>;
  for (var k0 = first; k0 < end; k0 += 16) {
    // This invocation fetches pixel `local % 16` for four channels of dy and four columns of x.
    let k = k0 + local % 16;
    let there = k < end;
    let image = k / plane;
    let oy = (k % plane) / params.out_width;
    let ox = k % params.out_width;
    for (var i = 0u; i < 4; i++) {
      let row = local / 16 + i * 16;
      var v = 0.0;
      if (there && m0 + row < params.out_channels) {
        v = dy[(image * params.out_channels + m0 + row) * plane + oy * params.out_width + ox];
      }
      // A stride of 68 between pixels keeps the invocations of a row on different banks.
      tile_dy[(local % 16) * 68 + row] = v;
      let column = n0 + row;
      let c = column / TAPS;
      let tap = column % TAPS;
      let sy = source(i32(oy * params.stride + tap / TAPS_X) - params.pad, params.in_height, params.reflect);
      let sx = source(i32(ox * params.stride + tap % TAPS_X) - params.pad, params.in_width, params.reflect);
      v = 0.0;
      if (there && column < columns && sy.y == 1 && sx.y == 1) {
        v = x[(image * params.in_channels + c) * in_plane + sy.x * params.in_width + sx.x];
      }
      tile_x[(local % 16) * 68 + row] = v;
    }
    workgroupBarrier();
    // A tile is summed by itself before it joins the total: short chains of additions round less.
    var part = array<vec4f, 4>();
    for (var p = 0u; p < 16; p++) {
      let g = p * 68 + id.y * 4;
      let at = p * 68 + id.x;
      let xs = vec4f(tile_x[at], tile_x[at + 16], tile_x[at + 32], tile_x[at + 48]);
      part[0] += tile_dy[g] * xs;
      part[1] += tile_dy[g + 1] * xs;
      part[2] += tile_dy[g + 2] * xs;
      part[3] += tile_dy[g + 3] * xs;
    }
    for (var i = 0u; i < 4; i++) { acc[i] += part[i]; }
    workgroupBarrier();
  }

  for (var i = 0u; i < 4; i++) {
    let m = m0 + id.y * 4 + i;
    for (var j = 0u; j < 4; j++) {
      let column = n0 + id.x + j * 16;
      if (m < params.out_channels && column < columns) {
        dw[(group.z * params.out_channels + m) * columns + column] = acc[i][j];
      }
    }
  }
}
