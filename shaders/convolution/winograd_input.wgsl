// Winograd's transform of the input of a convolution of stride 1 (see shaders/convolution/lib/winograd.wgsl):
//   v[f, c, t] = (B^T d B)[f]
// where d is the input tile of channel c for output tile t, which is m x m.
// Layouts: x [batch, channels, in_height, in_width], zero or mirrored outside; v [ALPHA^2, channels, tiles_stride],
// with zeros for the tiles that only pad the stride. Grid: see shaders/convolution/lib/winograd_tile.wgsl.
struct Params {
  batch: u32, first_image: u32, channels: u32, in_height: u32, in_width: u32,
  tiles_y: u32, tiles_x: u32, tiles_stride: u32, m: u32, pad_y: i32, pad_x: i32, reflect: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
// The same buffer as x.
@group(0) @binding(1) var<storage, read> x_vec4s: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> v: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// The first of the four columns of each tile that can be loaded as one vec4, which is inside x or all zero padding: the
// width is a multiple of 4, and tiles begin VEC4_AT columns before a multiple of 4. ALPHA if there is no such vec4.
const VEC4_AT: u32 = 6; // @tunable

//#include convolution/lib/source.wgsl
//#include convolution/lib/winograd_points.wgsl
//#include convolution/lib/winograd_tile.wgsl

// B^T d: the coefficients of the product of (x - q) over all finite points q but one; at infinity, of all.
fn transform_input(d: Line) -> Line {
  var v: Line;
  if (ALPHA == 6) {
    let even_a = d[4] - B2 * d[2];
    let odd_a = A * (d[3] - B2 * d[1]);
    let even_b = d[4] - A2 * d[2];
    let odd_b = B * (d[3] - A2 * d[1]);
    v[0] = A2 * B2 * d[0] - (A2 + B2) * d[2] + d[4];
    v[1] = even_a + odd_a;
    v[2] = even_a - odd_a;
    v[3] = even_b + odd_b;
    v[4] = even_b - odd_b;
    v[ALPHA - 1] = A2 * B2 * d[1] - (A2 + B2) * d[3] + d[5];
  } else {
    let d6 = d[ALPHA - 2];
    let even_a = d6 - (B2 + C2) * d[4] + B2 * C2 * d[2];
    let odd_a = A * (d[5] - (B2 + C2) * d[3] + B2 * C2 * d[1]);
    let even_b = d6 - (A2 + C2) * d[4] + A2 * C2 * d[2];
    let odd_b = B * (d[5] - (A2 + C2) * d[3] + A2 * C2 * d[1]);
    let even_c = d6 - (A2 + B2) * d[4] + A2 * B2 * d[2];
    let odd_c = C * (d[5] - (A2 + B2) * d[3] + A2 * B2 * d[1]);
    const SUM = A2 + B2 + C2;
    const PAIRS = A2 * B2 + A2 * C2 + B2 * C2;
    v[0] = d6 - SUM * d[4] + PAIRS * d[2] - A2 * B2 * C2 * d[0];
    v[1] = even_a + odd_a;
    v[2] = even_a - odd_a;
    v[3] = even_b + odd_b;
    v[4] = even_b - odd_b;
    v[ALPHA - 3] = even_c + odd_c;
    v[ALPHA - 2] = even_c - odd_c;
    v[ALPHA - 1] = d[ALPHA - 1] - SUM * d[5] + PAIRS * d[3] - A2 * B2 * C2 * d[1];
  }
  return v;
}

// The transform of row y of a tile. `plane` is the first row of the channel of x; `image` is false where the tile
// belongs to no image.
fn tile_row(plane: u32, y: i32, columns: array<vec2u, ALPHA>, vec4_column: u32, image: bool) -> Line {
  let sy = source(y, params.in_height, params.reflect);
  let row = (plane + sy.x) * params.in_width;
  let valid = image && sy.y == 1;
  var d = Line();
  for (var j = 0u; j < ALPHA; j++) {
    if (j < VEC4_AT || j >= VEC4_AT + 4) { d[j] = select(0.0, x[row + columns[j].x], valid && columns[j].y == 1); }
  }
  if (VEC4_AT < ALPHA) {
    let loaded = x_vec4s[(row + min(vec4_column, params.in_width - 4)) / 4];
    let all = select(vec4f(), loaded, valid && vec4_column < params.in_width);
    d[VEC4_AT % ALPHA] = all.x;
    d[(VEC4_AT + 1) % ALPHA] = all.y;
    d[(VEC4_AT + 2) % ALPHA] = all.z;
    d[(VEC4_AT + 3) % ALPHA] = all.w;
  }
  return transform_input(d);
}

fn column_of(rows: array<Line, ALPHA>, j: u32) -> Line {
  var d: Line;
  for (var r = 0u; r < ALPHA; r++) { d[r] = rows[r][j]; }
  return transform_input(d);
}

fn store_column(at: u32, plane: u32, column: Line) {
  for (var r = 0u; r < ALPHA; r++) { v[at + r * ALPHA * plane] = column[r]; }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let tile = tile_of(group, groups, local);
  if (tile.number >= params.tiles_stride || tile.channel >= params.channels) { return; }
  let top = i32(tile.y * params.m) - params.pad_y;
  let left = i32(tile.x * params.m) - params.pad_x;
  let plane = (image_of(tile) * params.channels + tile.channel) * params.in_height;
  let image = tile.image < params.batch;
  let vec4_column = tile.x * params.m;
  var columns: array<vec2u, ALPHA>;
  for (var j = 0u; j < ALPHA; j++) { columns[j] = source(left + i32(j), params.in_width, params.reflect); }

  var rows: array<Line, ALPHA>;
  if (!UNROLL) {
    var first = tile.first;
    var last_row = i32(ALPHA) - 1;
    let end_row = i32(params.tiles_y * params.m + ALPHA - params.m);
    for (var y = 0; y < end_row; y++) {
      let row = tile_row(plane, top + y, columns, vec4_column, image);
      for (var r = 0u; r < ALPHA - 1; r++) { rows[r] = rows[r + 1]; }
      rows[ALPHA - 1] = row;
      if (y < last_row) { continue; }
      let end = first + ALPHA * tile.plane;
      for (var at = first; at < end; at += tile.plane) {
        store_column(at, tile.plane, column_of(rows, 0));
        for (var r = 0u; r < ALPHA; r++) { rows[r] = rotated(rows[r]); }
      }
      first += params.tiles_x;
      last_row += i32(params.m);
    }
    let end_tile = (tile.channel + 1) * params.tiles_stride;
    for (var t = end_tile - padding_tiles(tile); t < end_tile; t++) {
      for (var f = 0u; f < ALPHA * ALPHA; f++) { v[t + f * tile.plane] = 0; }
    }
  } else {
    rows[0] = tile_row(plane, top, columns, vec4_column, image);
    rows[1] = tile_row(plane, top + 1, columns, vec4_column, image);
    rows[2] = tile_row(plane, top + 2, columns, vec4_column, image);
    rows[3] = tile_row(plane, top + 3, columns, vec4_column, image);
    rows[4] = tile_row(plane, top + 4, columns, vec4_column, image);
    rows[5] = tile_row(plane, top + 5, columns, vec4_column, image);
    store_column(tile.first, tile.plane, column_of(rows, 0));
    store_column(tile.first + tile.plane, tile.plane, column_of(rows, 1));
    store_column(tile.first + 2 * tile.plane, tile.plane, column_of(rows, 2));
    store_column(tile.first + 3 * tile.plane, tile.plane, column_of(rows, 3));
    store_column(tile.first + 4 * tile.plane, tile.plane, column_of(rows, 4));
    store_column(tile.first + 5 * tile.plane, tile.plane, column_of(rows, 5));
  }
}
