// The transpose of winograd_output.wgsl, for the weights' gradient: g[f, m, t] = (A dy A^T)[f] for tile t of dy.
// Layouts: dy [batch, channels, out_height, out_width], zero beyond its borders; g [36, channels, tiles_stride]. One
// tile per invocation (see shaders/convolution/lib/winograd_tile.wgsl).
const TAPS: u32 = 3; // @tunable 3 or 4

struct Params {
  batch: u32, first_image: u32, channels: u32, out_height: u32, out_width: u32,
  tiles_y: u32, tiles_x: u32, tiles_stride: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
// The same buffer.
@group(0) @binding(1) var<storage, read> dy_vec4s: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> g: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// Whether rows of dy are whole vec4s and tiles four pixels wide.
const VEC4: bool = false; // @tunable

//#include convolution/lib/winograd.wgsl
//#include convolution/lib/winograd_tile.wgsl

// A row of a tile, from `at` on, transformed.
fn tile_row(at: u32, width: u32, there: bool) -> Six {
  var d = array<f32, OUT>();
  if (VEC4) {
    let quad = select(vec4f(), dy_vec4s[at / 4], there);
    for (var j = 0u; j < OUT; j++) { d[j] = quad[j]; }
  } else if (ROLLED) {
    for (var j = 0u; j < OUT; j++) { if (there && j < width) { d[j] = dy[at + j]; } }
  } else {
    // Without branches a GPU waits for all loads at once.
    for (var j = 0u; j < OUT; j++) { d[j] = select(0.0, dy[at + min(j, width - 1)], there && j < width); }
  }
  return transform_output_gradient(d);
}

fn column_of(rows: array<Six, OUT>, j: u32) -> Six {
  var d = array<f32, OUT>();
  for (var r = 0u; r < OUT; r++) { d[r] = rows[r][j]; }
  return transform_output_gradient(d);
}

fn store_column(at: u32, plane: u32, column: Six) {
  for (var r = 0u; r < 6; r++) { g[at + r * 6 * plane] = column[r]; }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let tile = tile_of(group, groups, local);
  if (tile.number >= params.tiles_stride || tile.channel >= params.channels) { return; }

  let top = tile.y * OUT;
  let left = tile.x * OUT;
  let width = params.out_width - left;
  let image = tile.image < params.batch;
  // The first row of the image, and the tile's in it. Rows that are not there are read as the last one and dropped.
  let plane = (image_of(tile) * params.channels + tile.channel) * params.out_height;
  let last = params.out_height - 1;

  var rows: array<Six, OUT>;
  if (ROLLED) {
    let bottom = top + OUT;
    for (var oy = top; oy < bottom; oy++) {
      let row = tile_row((plane + min(oy, last)) * params.out_width + left, width, image && oy <= last);
      for (var r = 0u; r < OUT - 1; r++) { rows[r] = rows[r + 1]; }
      rows[OUT - 1] = row;
    }
    let end = tile.first + 6 * tile.plane;
    for (var at = tile.first; at < end; at += tile.plane) {
      store_column(at, tile.plane, column_of(rows, 0));
      for (var r = 0u; r < OUT; r++) { rows[r] = rotated(rows[r]); }
    }
  } else {
    for (var r = 0u; r < OUT; r++) {
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
