// Convolution for GPUs: an implicit matrix product in tiles of workgroup memory.
// A workgroup of 16 x 16 makes 64 output channels of 64 pixels; the sum runs over K = in_channels * taps in steps of 16,
// whose slice of weights [16][64] and of x (gathered, never stored as a matrix) [16][64] are staged; every invocation keeps
// 4 x 4 results. Edges are filled with zeros on loading, so the inner loop tests nothing.
// Layouts: x [batch, in_channels, in_height, in_width], y [batch, out_channels, out_height, out_width], w by strides.
// Grid: x = tiles of pixels, y = tiles of output channels, z = batch.
const TAPS_X: u32 = 3; // @tunable taps along a row: constant, so that dividing by it is cheap
const TAPS_Y: u32 = 3; // @tunable
const TAPS: u32 = TAPS_X * TAPS_Y;

//#include lib/convolution.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> tile_w: array<vec4f, 256>;
var<workgroup> tile_x: array<f32, 1024>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) id: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let n = group.z;
  let m0 = group.y * 64;
  let pixels = params.rows * params.columns;
  let depth = params.in_channels * TAPS;

  // While loading, this invocation fetches x for pixel `local % 64` and weights of four channels at depth `local % 16`.
  let load_pixel = group.x * 64 + local % 64;
  let load_y = i32((load_pixel / params.columns) * params.stride) - params.pad_y;
  let load_x = i32((load_pixel % params.columns) * params.stride) - params.pad_x;
  let plane = params.in_height * params.in_width;
  let image = n * params.in_channels * plane;

  var acc: array<vec4f, 4>;
  for (var k0 = 0u; k0 < depth; k0 += 16) {
    {
      let k = k0 + local % 16;
      let c = k / TAPS;
      let tap = k % TAPS;
      let at = params.w_base + i32(c) * params.w_c + i32(tap / TAPS_X) * params.w_ty + i32(tap % TAPS_X) * params.w_tx;
      let m = m0 + (local / 16) * 4;
      var v = vec4f();
      for (var i = 0u; i < 4; i++) {
        if (k < depth && m + i < params.out_channels) { v[i] = w[u32(at + i32(m + i) * params.w_m)]; }
      }
      tile_w[(local % 16) * 16 + local / 16] = v;
    }
    for (var i = 0u; i < 4; i++) {
      let slot = local / 64 + i * 4;
      let k = k0 + slot;
      let c = k / TAPS;
      let tap = k % TAPS;
      let sy = source(load_y + i32(tap / TAPS_X), params.in_height, params.reflect);
      let sx = source(load_x + i32(tap % TAPS_X), params.in_width, params.reflect);
      var v = 0.0;
      if (k < depth && load_pixel < pixels && sy.y == 1 && sx.y == 1) {
        v = x[image + c * plane + sy.x * params.in_width + sx.x];
      }
      tile_x[slot * 64 + local % 64] = v;
    }
    workgroupBarrier();
    // A tile is summed by itself before it joins the total: short chains of additions round less.
    var part = array<vec4f, 4>();
    for (var k = 0u; k < 16; k++) {
      let wm = tile_w[k * 16 + id.y];
      let at = k * 64 + id.x;
      let xp = vec4f(tile_x[at], tile_x[at + 16], tile_x[at + 32], tile_x[at + 48]);
      part[0] += wm.x * xp;
      part[1] += wm.y * xp;
      part[2] += wm.z * xp;
      part[3] += wm.w * xp;
    }
    for (var i = 0u; i < 4; i++) { acc[i] += part[i]; }
    workgroupBarrier();
  }

  for (var i = 0u; i < 4; i++) {
    let m = m0 + id.y * 4 + i;
    var b = 0.0;
    if (params.has_bias == 1 && m < params.out_channels) { b = bias[m]; }
    for (var j = 0u; j < 4; j++) {
      let pixel = group.x * 64 + id.x + j * 16;
      if (m < params.out_channels && pixel < pixels) {
        let oy = (pixel / params.columns) * params.out_step + params.out_y;
        let ox = (pixel % params.columns) * params.out_step + params.out_x;
        y[((n * params.out_channels + m) * params.out_height + oy) * params.out_width + ox] = acc[i][j] + b;
      }
    }
  }
}
