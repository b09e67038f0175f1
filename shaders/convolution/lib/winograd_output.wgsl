// Winograd's way back: a tile of OUT x OUT outputs from its 36 products, y = A^T p A + bias.
// The file that includes this defines y, and write_row(at, count, v): the first `count` of a tile's row, from `at` on.
// Layouts: p [36, channels, tiles_stride], y [batch, channels, out_height, out_width]. One tile per invocation (see
// shaders/convolution/lib/winograd_tile.wgsl).
const TAPS: u32 = 3; // @tunable 3 or 4

struct Params {
  batch: u32, channels: u32, out_height: u32, out_width: u32,
  tiles_y: u32, tiles_x: u32, tiles_stride: u32, has_bias: u32,
}

@group(0) @binding(0) var<storage, read> p: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include convolution/lib/winograd.wgsl
//#include convolution/lib/winograd_tile.wgsl

// Row r of the products, transformed.
fn product_row(tile: Tile, r: u32) -> array<f32, OUT> {
  var m = Six();
  for (var j = 0u; j < 6; j++) { m[j] = p[tile.first + (r * 6 + j) * tile.plane]; }
  return transform_output(m);
}

fn column_of(rows: array<array<f32, OUT>, 6>, j: u32) -> array<f32, OUT> {
  return transform_output(Six(rows[0][j], rows[1][j], rows[2][j], rows[3][j], rows[4][j], rows[5][j]));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let tile = tile_of(group, groups, local);
  if (tile.number >= params.tiles_stride || tile.image >= params.batch || tile.channel >= params.channels) { return; }

  var b = 0.0;
  if (params.has_bias == 1) { b = bias[tile.channel]; }
  var rows: array<array<f32, OUT>, 6>;
  if (ROLLED) {
    for (var row = 0u; row < min(6, params.tiles_stride + 6); row++) {
      let last = product_row(tile, row);
      for (var r = 0u; r < 5; r++) { rows[r] = rows[r + 1]; }
      rows[5] = last;
    }
  } else {
    rows[0] = product_row(tile, 0);
    rows[1] = product_row(tile, 1);
    rows[2] = product_row(tile, 2);
    rows[3] = product_row(tile, 3);
    rows[4] = product_row(tile, 4);
    rows[5] = product_row(tile, 5);
  }
  let c0 = column_of(rows, 0);
  let c1 = column_of(rows, 1);
  let c2 = column_of(rows, 2);
  let c3 = column_of(rows, OUT - 1);
  var results: array<vec4f, OUT>;
  for (var r = 0u; r < OUT; r++) { results[r] = vec4f(c0[r], c1[r], c2[r], c3[r]) + b; }

  let top = tile.y * OUT;
  let left = tile.x * OUT;
  let at = ((tile.image * params.channels + tile.channel) * params.out_height + top) * params.out_width + left;
  let width = params.out_width - left;
  let height = params.out_height - top;
  if (ROLLED) {
    for (var oy = 0u; oy < min(OUT, height); oy++) {
      write_row(at + oy * params.out_width, width, results[0]);
      for (var r = 0u; r < OUT - 1; r++) { results[r] = results[r + 1]; }
    }
  } else {
    for (var oy = 0u; oy < OUT; oy++) {
      if (oy < height) { write_row(at + oy * params.out_width, width, results[oy]); }
    }
  }
}
