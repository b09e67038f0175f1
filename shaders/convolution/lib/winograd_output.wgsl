// Winograd's output transform: an output tile of M x M from its ALPHA^2 products, y = A^T p A + bias.
// The file that includes this defines y, write_one(at, v), and write_row(at, count, v), which writes the first `count`
// elements of a row that begins at index `at`.
// Layouts: p [ALPHA^2, channels, tiles_stride], y [batch, channels, out_height, out_width].
// Grid: see shaders/convolution/lib/winograd_tile.wgsl.
const R: u32 = 3; // @tunable size r of the kernel: 3 or 4

struct Params {
  batch: u32, first_image: u32, channels: u32, out_height: u32, out_width: u32,
  tiles_y: u32, tiles_x: u32, tiles_stride: u32, has_bias: u32,
}

@group(0) @binding(0) var<storage, read> p: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include convolution/lib/winograd.wgsl
//#include convolution/lib/winograd_tile.wgsl

// The transform of the row of products that begins at index `at`.
fn product_row(at: u32, plane: u32) -> array<f32, M> {
  var q: Line;
  for (var j = 0u; j < ALPHA; j++) { q[j] = p[at + j * plane]; }
  return transform_output(q);
}

fn column_of(rows: array<array<f32, M>, ALPHA>, j: u32) -> array<f32, M> {
  var q: Line;
  for (var r = 0u; r < ALPHA; r++) { q[r] = rows[r][j]; }
  return transform_output(q);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let tile = tile_of(group, groups, local);
  if (tile.number >= params.tiles_stride || tile.image >= params.batch || tile.channel >= params.channels) { return; }

  var b = 0.0;
  if (params.has_bias == 1) { b = bias[tile.channel]; }
  let top = tile.y * M;
  let left = tile.x * M;
  let first = ((image_of(tile) * params.channels + tile.channel) * params.out_height + top) * params.out_width + left;
  let width = params.out_width - left;
  let height = params.out_height - top;
  let row_of_planes = ALPHA * tile.plane;

  var rows: array<array<f32, M>, ALPHA>;
  if (!UNROLL) {
    var at_tile = tile.first;
    for (var oy0 = 0u; oy0 < params.out_height; oy0 += M) {
      let end = at_tile + ALPHA * row_of_planes;
      for (var at = at_tile; at < end; at += row_of_planes) {
        let row = product_row(at, tile.plane);
        for (var r = 0u; r < ALPHA - 1; r++) { rows[r] = rows[r + 1]; }
        rows[ALPHA - 1] = row;
      }
      let end_row = min(oy0 + M, params.out_height);
      for (var ox = 0u; ox < min(M, width); ox++) {
        var column = column_of(rows, 0);
        for (var oy = oy0; oy < end_row; oy++) {
          write_one(first + oy * params.out_width + ox, column[0] + b);
          for (var r = 0u; r < M - 1; r++) { column[r] = column[r + 1]; }
        }
        for (var r = 0u; r < ALPHA; r++) {
          for (var j = 0u; j < M - 1; j++) { rows[r][j] = rows[r][j + 1]; }
        }
      }
      at_tile += params.tiles_x;
    }
  } else {
    rows[0] = product_row(tile.first, tile.plane);
    rows[1] = product_row(tile.first + row_of_planes, tile.plane);
    rows[2] = product_row(tile.first + 2 * row_of_planes, tile.plane);
    rows[3] = product_row(tile.first + 3 * row_of_planes, tile.plane);
    rows[4] = product_row(tile.first + 4 * row_of_planes, tile.plane);
    rows[5] = product_row(tile.first + 5 * row_of_planes, tile.plane);
    let c0 = column_of(rows, 0);
    let c1 = column_of(rows, 1);
    let c2 = column_of(rows, 2);
    let c3 = column_of(rows, M - 1);
    for (var oy = 0u; oy < M; oy++) {
      let row = vec4f(c0[oy], c1[oy], c2[oy], c3[oy]) + b;
      if (oy < height) { write_row(first + oy * params.out_width, width, row); }
    }
  }
}
