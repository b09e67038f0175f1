// Convolution in tiles (see lib/tiled_gemm.wgsl): rows are output channels, columns the pixels of an image. The matrix
// of windows is never stored: x is gathered (an implicit GEMM).
// A slice takes CHANNELS input channels with SLICE_Y x SLICE_X of their taps: all taps, if they fit, so that where a
// tap of a pixel lies, what is mirrored and what is beyond the border is found once, and from slice to slice only the
// channel changes. Otherwise a part of the sum is one row of taps, or one tap.
// Where that alone would leave a GPU's multiprocessors without work, the input channels are cut into runs: z counts the
// batches of all runs, and a second pass adds their results.
// Layouts: x [batch, in_channels, in_height, in_width], y [runs, batch, out_channels, out_height, out_width], w by
// strides.
// Grid: tiles, flat.
// The file that includes this says how many CHANNELS a slice takes.
const TAPS_X: u32 = 3; // @tunable
const TAPS_Y: u32 = 3; // @tunable
const PARTS_X: u32 = 1; // @tunable parts that a row of taps is cut into: 1 or TAPS_X
const PARTS_Y: u32 = 1; // @tunable
const SLICE_X: u32 = TAPS_X / PARTS_X;
const SLICE_Y: u32 = TAPS_Y / PARTS_Y;
const SLICE_TAPS: u32 = SLICE_Y * SLICE_X;
const TILE_K: u32 = CHANNELS * SLICE_TAPS;
const ONE_PART: bool = PARTS_Y * PARTS_X == 1;
const SUM_A: bool = false;

//#include convolution/lib/geometry.wgsl
//#include convolution/lib/sources.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// The index of a weight of the first of four output channels.
alias PlaceA = u32;
// Four elements of x: `pixels` from `at`, and a bit for each that there is. Where nothing is mirrored, `pixels` are the
// same for all taps and channels.
struct PlaceB { at: u32, pixels: vec4u, there: u32 }
const BITS = vec4u(1, 2, 4, 8);

fn gemm_size() -> vec3u {
  let runs = (params.in_channels + params.run - 1) / params.run;
  return vec3u(params.out_channels, params.rows * params.columns, params.batch * runs);
}

fn gemm_sum(z: u32) -> vec2u {
  let channels = min(params.run, params.in_channels - z / params.batch * params.run);
  return vec2u(PARTS_Y * PARTS_X, channels * SLICE_TAPS);
}

// A channel's weights are contiguous, if only backwards.
fn a_along_k() -> bool { return true; }

fn b_along_k() -> bool { return false; }

fn a_place(z: u32, row: u32, k: u32, part: u32) -> PlaceA {
  let tap = k % SLICE_TAPS;
  let ty = i32(part / PARTS_X * SLICE_Y + tap / SLICE_X) * params.w_ty;
  let tx = i32(part % PARTS_X * SLICE_X + tap % SLICE_X) * params.w_tx;
  let channel = i32(z / params.batch * params.run + k / SLICE_TAPS);
  return u32(params.w_base + i32(row) * params.w_m + channel * params.w_c + ty + tx);
}

fn a_quad(place: PlaceA, slice: u32, there: bool) -> vec4f {
  let at = place + slice * CHANNELS * u32(params.w_c);
  let m = u32(params.w_m);
  return select(vec4f(), vec4f(w[at], w[at + m], w[at + 2 * m], w[at + 3 * m]), there || CHANNELS == 1);
}

fn b_place(z: u32, column: u32, k: u32, part: u32) -> PlaceB {
  let tap = k % SLICE_TAPS;
  let lines = quotients(column, params.columns);
  let columns = column + vec4u(0, 1, 2, 3) - lines * params.columns;
  let ty = i32(part / PARTS_X * SLICE_Y + tap / SLICE_X) - params.pad_y;
  let tx = i32(part % PARTS_X * SLICE_X + tap % SLICE_X) - params.pad_x;
  let rows = vec4i(lines * params.stride) + ty;
  let pixels = vec4i(columns * params.stride) + tx;
  let width = i32(params.in_width);
  let sy = sources(rows, i32(params.in_height) - 1);
  let sx = sources(pixels, width - 1);
  let channel = z / params.batch * params.run + k / SLICE_TAPS;
  let plane = (z % params.batch * params.in_channels + channel) * params.in_height * params.in_width;
  let there = dot(select(vec4u(), BITS, ((sy ^ rows) | (sx ^ pixels)) == vec4i()), vec4u(1));
  return PlaceB(plane + select(u32(ty * width + tx), 0, REFLECT),
    vec4u(select(rows - ty, sy, REFLECT) * width + select(pixels - tx, sx, REFLECT)), select(there, 15, REFLECT));
}

fn b_quad(place: PlaceB, slice: u32, there: bool) -> vec4f {
  let at = place.at + slice * CHANNELS * params.in_height * params.in_width + place.pixels;
  let inside = ((vec4u(place.there) & BITS) != vec4u()) & vec4<bool>(there || CHANNELS == 1);
  return vec4f(select(0.0, x[at.x], inside.x), select(0.0, x[at.y], inside.y), select(0.0, x[at.z], inside.z),
    select(0.0, x[at.w], inside.w));
}

fn y_place(z: u32, columns: vec4u) -> vec4u {
  let rows = quotients(columns.x, params.columns);
  return (z * params.out_channels * params.out_height + rows * params.out_step + params.out_y) * params.out_width
    + (columns - rows * params.columns) * params.out_step + params.out_x;
}

fn store(z: u32, row: u32, columns: vec4u, place: vec4u, v: vec4f) {
  let at = place + row * params.out_height * params.out_width;
  let b = select(0.0, bias[row], params.has_bias == 1 && z < params.batch);
  for (var j = 0u; j < 4; j++) {
    if (columns[j] < params.rows * params.columns) { y[at[j]] = v[j] + b; }
  }
}

fn store_sum(z: u32, row: u32, v: f32) {}

//#include lib/tiled_gemm.wgsl
