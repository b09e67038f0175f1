// Winograd's way back: a tile of OUT x OUT outputs from its 36 products, y = A^T p A + bias.
// p [36, channels, tiles_stride] (see winograd_input.wgsl); y [batch, channels, out_height, out_width]. One tile an invocation.
// Grid: x = groups of tiles, y = channels.
const TAPS: u32 = 3; // @tunable 3 or 4
const WORKGROUP: u32 = 64; // @tunable

struct Params {
  batch: u32, channels: u32, out_height: u32, out_width: u32, tiles_y: u32, tiles_x: u32, tiles_stride: u32, has_bias: u32,
}

@group(0) @binding(0) var<storage, read> p: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/winograd.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = group.x * WORKGROUP + local;
  let c = group.y;
  let i = c * params.tiles_stride + t;
  let plane = params.channels * params.tiles_stride;
  let tiles = params.tiles_y * params.tiles_x;
  let n = t / tiles;
  let tile = t - n * tiles;
  let tile_y = tile / params.tiles_x;
  let tile_x = tile - tile_y * params.tiles_x;
  if (t >= params.tiles_stride || n >= params.batch) { return; }

  var rows: array<array<f32, OUT>, 6>;
  for (var r = 0u; r < 6; r++) {
    var m = Six();
    for (var j = 0u; j < 6; j++) { m[j] = p[(r * 6 + j) * plane + i]; }
    rows[r] = transform_output(m);
  }
  var b = 0.0;
  if (params.has_bias == 1) { b = bias[c]; }
  let top = tile_y * OUT;
  let left = tile_x * OUT;
  for (var j = 0u; j < OUT; j++) {
    let column = transform_output(Six(rows[0][j], rows[1][j], rows[2][j], rows[3][j], rows[4][j], rows[5][j]));
    for (var r = 0u; r < OUT; r++) {
      if (top + r < params.out_height && left + j < params.out_width) {
        y[((n * params.channels + c) * params.out_height + top + r) * params.out_width + left + j] = column[r] + b;
      }
    }
  }
}
