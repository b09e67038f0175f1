// The transpose of winograd_output.wgsl, for the weights' gradient: g[f, m, t] = (A dy A^T)[f] for tile t of dy.
// Layouts: dy [batch, channels, out_height, out_width], zero beyond its borders; g [ALPHA^2, channels, tiles_stride].
// Grid: see shaders/convolution/lib/winograd_tile.wgsl.
const R: u32 = 3; // @tunable size r of the kernel: 3 or 4

struct Params {
  batch: u32, first_image: u32, channels: u32, out_height: u32, out_width: u32,
  tiles_y: u32, tiles_x: u32, tiles_stride: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
// The same buffer as dy.
@group(0) @binding(1) var<storage, read> dy_vec4s: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> g: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// Whether the width of dy is a multiple of 4 and tiles are four pixels wide.
const VEC4: bool = false; // @tunable

//#include convolution/lib/winograd.wgsl
//#include convolution/lib/winograd_tile.wgsl

// The transform of the row of a tile that begins at index `at`; zeros if it is not valid.
fn tile_row(at: u32, width: u32, valid: bool) -> Line {
  var d = array<f32, M>();
  if (VEC4) {
    let row = select(vec4f(), dy_vec4s[at / 4], valid);
    for (var j = 0u; j < min(M, 4); j++) { d[j] = row[j]; }
  } else if (!UNROLL) {
    for (var j = 0u; j < M; j++) { if (valid && j < width) { d[j] = dy[at + j]; } }
  } else {
    // Without branches, so that a GPU waits for all loads at once.
    for (var j = 0u; j < M; j++) { d[j] = select(0.0, dy[at + min(j, width - 1)], valid && j < width); }
  }
  return transform_output_gradient(d);
}

fn column_of(rows: array<Line, M>, j: u32) -> Line {
  var d = array<f32, M>();
  for (var r = 0u; r < M; r++) { d[r] = rows[r][j]; }
  return transform_output_gradient(d);
}

fn store_column(at: u32, plane: u32, column: Line) {
  for (var r = 0u; r < ALPHA; r++) { g[at + r * ALPHA * plane] = column[r]; }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let tile = tile_of(group, groups, local);
  if (tile.number >= params.tiles_stride || tile.channel >= params.channels) { return; }

  let top = tile.y * M;
  let left = tile.x * M;
  let width = params.out_width - left;
  let image = tile.image < params.batch;
  // The first row of the image's channel. Rows beyond the last are read from the last one and dropped.
  let plane = (image_of(tile) * params.channels + tile.channel) * params.out_height;
  let last = params.out_height - 1;

  var rows: array<Line, M>;
  if (!UNROLL) {
    var first = tile.first;
    for (var bottom = M; bottom <= params.tiles_y * M; bottom += M) {
      for (var oy = bottom - M; oy < bottom; oy++) {
        let row = tile_row((plane + min(oy, last)) * params.out_width + left, width, oy <= last);
        for (var r = 0u; r < M - 1; r++) { rows[r] = rows[r + 1]; }
        rows[M - 1] = row;
      }
      let end = first + ALPHA * tile.plane;
      for (var at = first; at < end; at += tile.plane) {
        store_column(at, tile.plane, column_of(rows, 0));
        for (var r = 0u; r < M; r++) { rows[r] = rotated(rows[r]); }
      }
      first += params.tiles_x;
    }
    let end_tile = (tile.channel + 1) * params.tiles_stride;
    for (var t = end_tile - padding_tiles(tile); t < end_tile; t++) {
      for (var f = 0u; f < ALPHA * ALPHA; f++) { g[t + f * tile.plane] = 0; }
    }
  } else {
    for (var r = 0u; r < M; r++) {
      let row = (plane + min(top + r, last)) * params.out_width + left;
      rows[r] = tile_row(row, width, image && top + r <= last);
    }
    store_column(tile.first, tile.plane, column_of(rows, 0));
    store_column(tile.first + tile.plane, tile.plane, column_of(rows, 1));
    store_column(tile.first + 2 * tile.plane, tile.plane, column_of(rows, 2));
    store_column(tile.first + 3 * tile.plane, tile.plane, column_of(rows, 3));
    store_column(tile.first + 4 * tile.plane, tile.plane, column_of(rows, 4));
    store_column(tile.first + 5 * tile.plane, tile.plane, column_of(rows, 5));
  }
}
