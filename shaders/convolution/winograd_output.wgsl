// Winograd's way back: a tile of OUT x OUT outputs from its 36 products, y = A^T p A + bias.
// Layouts: p [36, channels, tiles_stride], y [batch, channels, out_height, out_width]. One tile per invocation (see
// shaders/convolution/lib/winograd_tile.wgsl).
const TAPS: u32 = 3; // @tunable 3 or 4

struct Params {
  batch: u32, channels: u32, out_height: u32, out_width: u32,
  tiles_y: u32, tiles_x: u32, tiles_stride: u32, has_bias: u32,
}

@group(0) @binding(0) var<storage, read> p: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include convolution/lib/winograd.wgsl
//#include convolution/lib/winograd_tile.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let tile = tile_of(group, groups, local);
  if (tile.number >= params.tiles_stride || tile.image >= params.batch || tile.channel >= params.channels) { return; }

  var rows: array<array<f32, OUT>, 6>;
  let end = tile.first + 36 * tile.plane;
  for (var at = tile.first; at < end; at += 6 * tile.plane) {
    var m = Six();
    for (var j = 0u; j < 6; j++) { m[j] = p[at + j * tile.plane]; }
    for (var r = 0u; r < 5; r++) { rows[r] = rows[r + 1]; }
    rows[5] = transform_output(m);
  }
  var b = 0.0;
  if (params.has_bias == 1) { b = bias[tile.channel]; }
  let plane = (tile.image * params.channels + tile.channel) * params.out_height;
  let bottom = min((tile.y + 1) * OUT, params.out_height);
  let right = min((tile.x + 1) * OUT, params.out_width);
  for (var ox = tile.x * OUT; ox < right; ox++) {
    var column = transform_output(Six(rows[0][0], rows[1][0], rows[2][0], rows[3][0], rows[4][0], rows[5][0]));
    for (var oy = tile.y * OUT; oy < bottom; oy++) {
      y[(plane + oy) * params.out_width + ox] = column[0] + b;
      for (var r = 0u; r < OUT - 1; r++) { column[r] = column[r + 1]; }
    }
    for (var r = 0u; r < 6; r++) {
      for (var j = 0u; j < OUT - 1; j++) { rows[r][j] = rows[r][j + 1]; }
    }
  }
}
