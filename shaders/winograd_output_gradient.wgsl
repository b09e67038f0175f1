// The transpose of winograd_output.wgsl, on the way to the weights' gradient: g[f, m, t] = (A dy A^T)[f] for tile t of dy.
// dy [batch, channels, out_height, out_width], nothing beyond its borders; g [36, channels, tiles_stride]. One tile an invocation.
// Grid: x = groups of tiles, y = channels.
const TAPS: u32 = 3; // @tunable 3 or 4
const WORKGROUP: u32 = 64; // @tunable

struct Params {
  batch: u32, channels: u32, out_height: u32, out_width: u32, tiles_y: u32, tiles_x: u32, tiles_stride: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> g: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/winograd.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = group.x * WORKGROUP + local;
  let c = group.y;
  let i = c * params.tiles_stride + t;
  let plane = params.channels * params.tiles_stride;
  if (t >= params.tiles_stride) { return; }
  let tiles = params.tiles_y * params.tiles_x;
  let n = t / tiles;
  let tile = t - n * tiles;
  let tile_y = tile / params.tiles_x;
  let tile_x = tile - tile_y * params.tiles_x;
  let top = tile_y * OUT;
  let left = tile_x * OUT;

  var rows: array<Six, OUT>;
  for (var r = 0u; r < OUT; r++) {
    var d = array<f32, OUT>();
    let row = ((n * params.channels + c) * params.out_height + top + r) * params.out_width + left;
    for (var j = 0u; j < OUT; j++) {
      if (n < params.batch && top + r < params.out_height && left + j < params.out_width) { d[j] = dy[row + j]; }
    }
    rows[r] = transform_output_gradient(d);
  }
  for (var j = 0u; j < 6; j++) {
    var d = array<f32, OUT>();
    for (var r = 0u; r < OUT; r++) { d[r] = rows[r][j]; }
    let column = transform_output_gradient(d);
    for (var r = 0u; r < 6; r++) { g[(r * 6 + j) * plane + i] = column[r]; }
  }
}
