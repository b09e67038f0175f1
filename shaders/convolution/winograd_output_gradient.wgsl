// The transpose of winograd_output.wgsl, for the weights' gradient: g[f, m, t] = (A dy A^T)[f] for tile t of dy.
// Layouts: dy [batch, channels, out_height, out_width], zero beyond its borders; g [36, channels, tiles_stride]. One
// tile per invocation (see shaders/convolution/lib/winograd_tile.wgsl).
const TAPS: u32 = 3; // @tunable 3 or 4

struct Params {
  batch: u32, channels: u32, out_height: u32, out_width: u32,
  tiles_y: u32, tiles_x: u32, tiles_stride: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> g: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include convolution/lib/winograd.wgsl
//#include convolution/lib/winograd_tile.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let tile = tile_of(group, groups, local);
  if (tile.number >= params.tiles_stride || tile.channel >= params.channels) { return; }

  var rows: array<Six, OUT>;
  let image = (tile.image * params.channels + tile.channel) * params.out_height;
  let left = tile.x * OUT;
  let bottom = (tile.y + 1) * OUT;
  for (var oy = tile.y * OUT; oy < bottom; oy++) {
    var d = array<f32, OUT>();
    for (var j = 0u; j < OUT; j++) {
      if (tile.image < params.batch && oy < params.out_height && left + j < params.out_width) {
        d[j] = dy[(image + oy) * params.out_width + left + j];
      }
    }
    for (var r = 0u; r < OUT - 1; r++) { rows[r] = rows[r + 1]; }
    rows[OUT - 1] = transform_output_gradient(d);
  }
  let end = tile.first + 6 * tile.plane;
  for (var at = tile.first; at < end; at += tile.plane) {
    var d = array<f32, OUT>();
    for (var r = 0u; r < OUT; r++) {
      d[r] = rows[r][0];
      rows[r] = rotated(rows[r]);
    }
    let column = transform_output_gradient(d);
    for (var r = 0u; r < 6; r++) { g[at + r * 6 * tile.plane] = column[r]; }
  }
}
