// What both tiled convolutions define for shaders/lib/tiled_gemm.wgsl: rows are output channels, columns the pixels of
// an image, and the sum runs over input channels and taps, a channel's taps contiguous. The matrix of windows is never
// stored: x is gathered (an implicit GEMM).
// Layouts: x [batch, in_channels, in_height, in_width], y [batch, out_channels, out_height, out_width].
const TAPS_X: u32 = 3; // @tunable taps along a row: constant, so that dividing by it is cheap
const TAPS_Y: u32 = 3; // @tunable
const TAPS: u32 = TAPS_X * TAPS_Y;
const STRIDED: bool = true;
const B_TRANSPOSED: bool = false;

//#include convolution/lib/geometry.wgsl
//#include convolution/lib/sources.wgsl

// Row and column of x where the windows of four pixels begin.
struct PlaceB { y: vec4i, x: vec4i }

fn gemm_size() -> vec3u { return vec3u(params.out_channels, params.rows * params.columns, params.batch); }

fn gemm_terms(z: u32) -> vec2u { return vec2u(0, params.in_channels * TAPS); }

// A channel's weights are contiguous, if only backwards.
fn a_along_k() -> bool { return true; }

fn b_along_k() -> bool { return false; }

fn b_place(z: u32, columns: vec4u) -> PlaceB {
  let rows = divided(columns, params.columns);
  return PlaceB(vec4i(rows * params.stride) - params.pad_y,
    vec4i((columns - rows * params.columns) * params.stride) - params.pad_x);
}

fn b_line(z: u32, place: PlaceB, j: u32, k: u32, end: u32) -> vec4f {
  let there = min(k, end - 1);
  let channel = there / TAPS;
  let tap = there % TAPS;
  let row = place.y + i32(tap / TAPS_X);
  let column = place.x + i32(tap % TAPS_X);
  let sy = sources(row, i32(params.in_height) - 1, params.reflect);
  let sx = sources(column, i32(params.in_width) - 1, params.reflect);
  let at = ((z * params.in_channels + channel) * params.in_height + vec4u(sy)) * params.in_width + vec4u(sx);
  let missing = select((sy ^ row) | (sx ^ column), vec4i(), params.reflect == 1);
  let v = vec4f(select(0.0, x[at.x], missing.x == 0), select(0.0, x[at.y], missing.y == 0),
    select(0.0, x[at.z], missing.z == 0), select(0.0, x[at.w], missing.w == 0));
  return select(vec4f(), v, k < end);
}

fn y_place(z: u32, columns: vec4u) -> vec4u {
  let rows = divided(columns, params.columns);
  return (z * params.out_channels * params.out_height + rows * params.out_step + params.out_y) * params.out_width
    + (columns - rows * params.columns) * params.out_step + params.out_x;
}

fn store(z: u32, row: u32, columns: vec4u, place: vec4u, v: vec4f) {
  let at = place + row * params.out_height * params.out_width;
  let b = select(0.0, bias[row], params.has_bias == 1);
  for (var j = 0u; j < 4; j++) {
    if (columns[j] < params.rows * params.columns) { y[at[j]] = v[j] + b; }
  }
}

//#include lib/tiled_gemm.wgsl
