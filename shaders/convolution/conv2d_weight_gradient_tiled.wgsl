// Gradient of a convolution's weights for GPUs (see shaders/lib/tiled_gemm.wgsl).
//   dw[split][m, c, ty, tx]
//     = sum over n, oy, ox of dy[n, m, oy, ox] * x[n, c, oy * stride + ty - pad, ox * stride + tx - pad]
// Rows are output channels, columns in_channels * taps, and the long sum over batch * pixels is cut into splits, one
// per `z`, whose partial sums a second pass adds in a fixed order.
// Layouts: dy [batch, out_channels, out_height, out_width], x [batch, in_channels, in_height, in_width].
// Grid: tiles, flat.
const TAPS_X: u32 = 3; // @tunable
const TAPS_Y: u32 = 3; // @tunable
const TAPS: u32 = TAPS_X * TAPS_Y;
const STRIDED: bool = true;
const A_TRANSPOSED: bool = false;
const B_TRANSPOSED: bool = false;

struct Params {
  batch: u32, in_channels: u32, in_height: u32, in_width: u32,
  out_channels: u32, out_height: u32, out_width: u32,
  stride: u32, pad: i32, reflect: u32, splits: u32, pixels_per_split: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include convolution/lib/sources.wgsl

// Where four channels of dy begin in an image.
alias PlaceA = vec4u;
// Where four channels of x begin in an image, and the offsets of their taps.
struct PlaceB { at: vec4u, y: vec4i, x: vec4i }

fn gemm_size() -> vec3u { return vec3u(params.out_channels, params.in_channels * TAPS, params.splits); }

fn gemm_terms(z: u32) -> vec2u {
  let first = z * params.pixels_per_split;
  return vec2u(first, min(first + params.pixels_per_split, params.batch * params.out_height * params.out_width));
}

fn a_along_k() -> bool { return true; }

fn b_along_k() -> bool { return true; }

fn a_place(z: u32, rows: vec4u) -> PlaceA {
  return min(rows, vec4u(params.out_channels - 1)) * params.out_height * params.out_width;
}

fn b_place(z: u32, columns: vec4u) -> PlaceB {
  let there = min(columns, vec4u(params.in_channels * TAPS - 1));
  let tap = there % TAPS;
  return PlaceB(divided(there, TAPS) * params.in_height * params.in_width,
    vec4i(divided(tap, TAPS_X)) - params.pad, vec4i(tap % TAPS_X) - params.pad);
}

fn a_line(z: u32, place: PlaceA, j: u32, k: u32, end: u32) -> vec4f {
  let there = min(k, end - 1);
  let plane = params.out_height * params.out_width;
  let at = place + there + there / plane * (params.out_channels - 1) * plane;
  return select(vec4f(), vec4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]), k < end);
}

fn b_line(z: u32, place: PlaceB, j: u32, k: u32, end: u32) -> vec4f {
  let there = min(k, end - 1);
  let line = there / params.out_width;
  let image = line / params.out_height;
  let row = i32((line - image * params.out_height) * params.stride) + place.y;
  let column = i32((there - line * params.out_width) * params.stride) + place.x;
  let sy = sources(row, i32(params.in_height) - 1, params.reflect);
  let sx = sources(column, i32(params.in_width) - 1, params.reflect);
  let first = image * params.in_channels * params.in_height * params.in_width;
  let at = first + place.at + vec4u(sy) * params.in_width + vec4u(sx);
  let missing = select((sy ^ row) | (sx ^ column), vec4i(), params.reflect == 1);
  let v = vec4f(select(0.0, x[at.x], missing.x == 0), select(0.0, x[at.y], missing.y == 0),
    select(0.0, x[at.z], missing.z == 0), select(0.0, x[at.w], missing.w == 0));
  return select(vec4f(), v, k < end);
}

fn y_place(z: u32, columns: vec4u) -> vec4u { return z * params.out_channels * params.in_channels * TAPS + columns; }

fn store(z: u32, row: u32, columns: vec4u, place: vec4u, v: vec4f) {
  let n = params.in_channels * TAPS;
  for (var j = 0u; j < 4; j++) {
    if (columns[j] < n) { dw[place[j] + row * n] = v[j]; }
  }
}

//#include lib/tiled_gemm.wgsl
