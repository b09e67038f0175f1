// Gradient of a convolution's weights for GPUs in tiles (see lib/tiled_gemm.wgsl).
//   dw[split][m, c, ty, tx]
//     = sum over n, oy, ox of dy[n, m, oy, ox] * x[n, c, oy * stride + ty - pad, ox * stride + tx - pad]
// Rows are output channels, columns in_channels * taps. A part of the sum is a row of pixels, so that only places
// along the row change from slice to slice. The rows of a batch are cut into splits, one per `z`, whose partial sums a
// second pass adds in a fixed order. Behind the weights of each split come, with SUM_A, the sums of dy by output
// channel, which are the bias's gradient.
// Layouts: dy [batch, out_channels, out_height, out_width], x [batch, in_channels, in_height, in_width].
// Grid: tiles, flat.
const TAPS_X: u32 = 3; // @tunable
const TAPS_Y: u32 = 3; // @tunable
const TAPS: u32 = TAPS_X * TAPS_Y;
const ONE_PART: bool = false;
const SUM_A: bool = false; // @tunable

struct Params {
  batch: u32, in_channels: u32, in_height: u32, in_width: u32,
  out_channels: u32, out_height: u32, out_width: u32,
  stride: u32, pad: i32, splits: u32, rows_per_split: u32, split_size: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include convolution/lib/sources.wgsl

// The index of an element of the first of four channels of dy.
alias PlaceA = u32;
// For four channels and taps, where the row of x begins, and the column there.
struct PlaceB { at: vec4u, column: vec4i }
const NOWHERE: u32 = 0xffffffff;

fn gemm_size() -> vec3u { return vec3u(params.out_channels, params.in_channels * TAPS, params.splits); }

fn gemm_sum(z: u32) -> vec2u {
  let rows = min(params.rows_per_split, params.batch * params.out_height - z * params.rows_per_split);
  return vec2u(rows, params.out_width);
}

fn a_along_k() -> bool { return true; }

fn b_along_k() -> bool { return true; }

fn a_place(z: u32, row: u32, k: u32, part: u32) -> PlaceA {
  let line = z * params.rows_per_split + part;
  let image = line / params.out_height;
  let plane = image * params.out_channels + row;
  return (plane * params.out_height + line - image * params.out_height) * params.out_width + k;
}

fn a_quad(place: PlaceA, slice: u32, there: bool) -> vec4f {
  let at = place + slice * TILE_K;
  let plane = params.out_height * params.out_width;
  return select(vec4f(), vec4f(dy[at], dy[at + plane], dy[at + 2 * plane], dy[at + 3 * plane]), there);
}

fn b_place(z: u32, column: u32, k: u32, part: u32) -> PlaceB {
  let channels = quotients(column, TAPS);
  let taps = column + vec4u(0, 1, 2, 3) - channels * TAPS;
  let ty = vec4u(taps.x / TAPS_X, taps.y / TAPS_X, taps.z / TAPS_X, taps.w / TAPS_X);
  let line = z * params.rows_per_split + part;
  let image = line / params.out_height;
  let rows = vec4i((line - image * params.out_height) * params.stride + ty) - params.pad;
  let sy = sources(rows, i32(params.in_height) - 1);
  let planes = image * params.in_channels + channels;
  let at = (planes * params.in_height + vec4u(sy)) * params.in_width;
  return PlaceB(select(at, vec4u(NOWHERE), (sy != rows) & vec4<bool>(!REFLECT)),
    vec4i(k * params.stride + taps - ty * TAPS_X) - params.pad);
}

fn b_quad(place: PlaceB, slice: u32, there: bool) -> vec4f {
  let column = place.column + i32(slice * TILE_K * params.stride);
  let last = i32(params.in_width) - 1;
  let at = place.at + vec4u(select(column, last - abs(last - abs(column)), REFLECT));
  let within = (place.at != vec4u(NOWHERE)) & (vec4u(column) < vec4u(params.in_width));
  let inside = (within | vec4<bool>(REFLECT)) & vec4<bool>(there);
  return vec4f(select(0.0, x[at.x], inside.x), select(0.0, x[at.y], inside.y), select(0.0, x[at.z], inside.z),
    select(0.0, x[at.w], inside.w));
}

fn y_place(z: u32, columns: vec4u) -> vec4u { return z * params.split_size + columns; }

fn store_sum(z: u32, row: u32, v: f32) {
  if (row < params.out_channels) { dw[(z + 1) * params.split_size - params.out_channels + row] = v; }
}

fn store(z: u32, row: u32, columns: vec4u, place: vec4u, v: vec4f) {
  let n = params.in_channels * TAPS;
  for (var j = 0u; j < 4; j++) {
    if (columns[j] < n) { dw[place[j] + row * n] = v[j]; }
  }
}

//#include lib/tiled_gemm.wgsl
