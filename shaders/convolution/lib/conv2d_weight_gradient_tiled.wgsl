// Gradient of a convolution's weights for GPUs in tiles (see lib/tiled_gemm.wgsl).
//   dw[split][m, c, ky, kx]
//     = sum over n, oy, ox of dy[n, m, oy, ox] * x[n, c, oy * stride + ky - pad, ox * stride + kx - pad]
// Rows are output channels, columns in_channels * KH * KW. A part of the sum is a row of pixels, so that only the
// column of pixels changes from K tile to K tile. Split-K: the rows of pixels of the batch are divided into splits, one
// per `z`, and a second pass sums them in a fixed order. With SUM_A the weights of each split are followed by the sums
// of dy by output channel, which are the bias's gradient.
// Layouts: dy [batch, out_channels, out_height, out_width], x [batch, in_channels, in_height, in_width].
// Grid: tiles, flat.
const KW: u32 = 3; // @tunable
const KH: u32 = 3; // @tunable
const KERNEL: u32 = KW * KH;
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
alias OffsetA = u32;
// For four channels and kernel elements: where the row of x begins, and the column in it.
struct OffsetB { at: vec4u, column: vec4i }
const OUTSIDE: u32 = 0xffffffff;

fn gemm_size() -> vec3u { return vec3u(params.out_channels, params.in_channels * KERNEL, params.splits); }

fn gemm_sum(z: u32) -> vec2u {
  let rows = min(params.rows_per_split, params.batch * params.out_height - z * params.rows_per_split);
  return vec2u(rows, params.out_width);
}

fn a_along_k() -> bool { return true; }

fn b_along_k() -> bool { return true; }

fn a_offset(z: u32, row: u32, k: u32, part: u32) -> OffsetA {
  let line = z * params.rows_per_split + part;
  let image = line / params.out_height;
  let plane = image * params.out_channels + row;
  return (plane * params.out_height + line - image * params.out_height) * params.out_width + k;
}

fn load_a(offset: OffsetA, k_tile: u32, valid: bool) -> vec4f {
  let at = offset + k_tile * TILE_K;
  let plane = params.out_height * params.out_width;
  return select(vec4f(), vec4f(dy[at], dy[at + plane], dy[at + 2 * plane], dy[at + 3 * plane]), valid);
}

fn b_offset(z: u32, column: u32, k: u32, part: u32) -> OffsetB {
  let channels = quotients(column, KERNEL);
  let elements = column + vec4u(0, 1, 2, 3) - channels * KERNEL;
  let ky = vec4u(elements.x / KW, elements.y / KW, elements.z / KW, elements.w / KW);
  let line = z * params.rows_per_split + part;
  let image = line / params.out_height;
  let rows = vec4i((line - image * params.out_height) * params.stride + ky) - params.pad;
  let sy = sources(rows, i32(params.in_height) - 1);
  let planes = image * params.in_channels + channels;
  let at = (planes * params.in_height + vec4u(sy)) * params.in_width;
  return OffsetB(select(at, vec4u(OUTSIDE), (sy != rows) & vec4<bool>(!REFLECT)),
    vec4i(k * params.stride + elements - ky * KW) - params.pad);
}

fn load_b(offset: OffsetB, k_tile: u32, valid: bool) -> vec4f {
  let column = offset.column + i32(k_tile * TILE_K * params.stride);
  let last = i32(params.in_width) - 1;
  let at = offset.at + vec4u(select(column, last - abs(last - abs(column)), REFLECT));
  let within = (offset.at != vec4u(OUTSIDE)) & (vec4u(column) < vec4u(params.in_width));
  let inside = (within | vec4<bool>(REFLECT)) & vec4<bool>(valid);
  return vec4f(select(0.0, x[at.x], inside.x), select(0.0, x[at.y], inside.y), select(0.0, x[at.z], inside.z),
    select(0.0, x[at.w], inside.w));
}

fn y_offset(z: u32, columns: vec4u) -> vec4u { return z * params.split_size + columns; }

fn store_sum(z: u32, row: u32, v: f32) {
  if (row < params.out_channels) { dw[(z + 1) * params.split_size - params.out_channels + row] = v; }
}

fn store(z: u32, row: u32, columns: vec4u, offset: vec4u, v: vec4f) {
  let n = params.in_channels * KERNEL;
  for (var j = 0u; j < 4; j++) {
    if (columns[j] < n) { dw[offset[j] + row * n] = v[j]; }
  }
}

//#include lib/tiled_gemm.wgsl
