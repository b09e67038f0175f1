// Convolution as an implicit GEMM in tiles (see lib/tiled_gemm.wgsl): rows are output channels, columns the pixels of
// an image, and x is gathered on loading.
// A K tile has TILE_KH x TILE_KW kernel elements of each of CHANNELS input channels: the whole kernel if it fits, so
// that pixel addresses and border masks are computed once, and only the channel changes from K tile to K tile.
// Otherwise a part of the sum is one row of the kernel, or one element.
// Split-K: where the tiles are too few to occupy a GPU, the input channels are split. z counts the batches of all
// splits, and a second pass sums their results.
// Layouts: x [batch, in_channels, in_height, in_width], y [splits, batch, out_channels, out_height, out_width], w by
// strides.
// Grid: tiles, flat.
// The file that includes this defines CHANNELS.
const KW: u32 = 3; // @tunable
const KH: u32 = 3; // @tunable
const PARTS_X: u32 = 1; // @tunable parts that a row of elements is cut into: 1 or KW
const PARTS_Y: u32 = 1; // @tunable
const TILE_KW: u32 = KW / PARTS_X;
const TILE_KH: u32 = KH / PARTS_Y;
const TILE_KERNEL: u32 = TILE_KH * TILE_KW;
const TILE_K: u32 = CHANNELS * TILE_KERNEL;
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
alias OffsetA = u32;
// Four elements of x: they are at `at` + `pixels`, and `mask` has a bit for each that is inside the image. Without
// reflection `pixels` are the same for all kernel elements and channels.
struct OffsetB { at: u32, pixels: vec4u, mask: u32 }
const BITS = vec4u(1, 2, 4, 8);

fn gemm_size() -> vec3u {
  let splits = (params.in_channels + params.channels_per_split - 1) / params.channels_per_split;
  return vec3u(params.out_channels, params.rows * params.columns, params.batch * splits);
}

fn gemm_sum(z: u32) -> vec2u {
  let channels = min(params.channels_per_split, params.in_channels - z / params.batch * params.channels_per_split);
  return vec2u(PARTS_Y * PARTS_X, channels * TILE_KERNEL);
}

// A channel's weights are contiguous, forwards or backwards.
fn a_along_k() -> bool { return true; }

fn b_along_k() -> bool { return false; }

fn a_offset(z: u32, row: u32, k: u32, part: u32) -> OffsetA {
  let element = k % TILE_KERNEL;
  let ky = i32(part / PARTS_X * TILE_KH + element / TILE_KW) * params.w_ky;
  let kx = i32(part % PARTS_X * TILE_KW + element % TILE_KW) * params.w_kx;
  let channel = i32(z / params.batch * params.channels_per_split + k / TILE_KERNEL);
  return u32(params.w_base + i32(row) * params.w_m + channel * params.w_c + ky + kx);
}

fn load_a(offset: OffsetA, k_tile: u32, valid: bool) -> vec4f {
  let at = offset + k_tile * CHANNELS * u32(params.w_c);
  let m = u32(params.w_m);
  return select(vec4f(), vec4f(w[at], w[at + m], w[at + 2 * m], w[at + 3 * m]), valid || CHANNELS == 1);
}

fn b_offset(z: u32, column: u32, k: u32, part: u32) -> OffsetB {
  let element = k % TILE_KERNEL;
  let lines = quotients(column, params.columns);
  let columns = column + vec4u(0, 1, 2, 3) - lines * params.columns;
  let ky = i32(part / PARTS_X * TILE_KH + element / TILE_KW) - params.pad_y;
  let kx = i32(part % PARTS_X * TILE_KW + element % TILE_KW) - params.pad_x;
  let rows = vec4i(lines * params.stride) + ky;
  let pixels = vec4i(columns * params.stride) + kx;
  let width = i32(params.in_width);
  let sy = sources(rows, i32(params.in_height) - 1);
  let sx = sources(pixels, width - 1);
  let channel = z / params.batch * params.channels_per_split + k / TILE_KERNEL;
  let plane = (z % params.batch * params.in_channels + channel) * params.in_height * params.in_width;
  let mask = dot(select(vec4u(), BITS, ((sy ^ rows) | (sx ^ pixels)) == vec4i()), vec4u(1));
  return OffsetB(plane + select(u32(ky * width + kx), 0, REFLECT),
    vec4u(select(rows - ky, sy, REFLECT) * width + select(pixels - kx, sx, REFLECT)), select(mask, 15, REFLECT));
}

fn load_b(offset: OffsetB, k_tile: u32, valid: bool) -> vec4f {
  let at = offset.at + k_tile * CHANNELS * params.in_height * params.in_width + offset.pixels;
  let inside = ((vec4u(offset.mask) & BITS) != vec4u()) & vec4<bool>(valid || CHANNELS == 1);
  return vec4f(select(0.0, x[at.x], inside.x), select(0.0, x[at.y], inside.y), select(0.0, x[at.z], inside.z),
    select(0.0, x[at.w], inside.w));
}

fn y_offset(z: u32, columns: vec4u) -> vec4u {
  let rows = quotients(columns.x, params.columns);
  return (z * params.out_channels * params.out_height + rows * params.out_step + params.out_y) * params.out_width
    + (columns - rows * params.columns) * params.out_step + params.out_x;
}

fn store(z: u32, row: u32, columns: vec4u, offset: vec4u, v: vec4f) {
  let at = offset + row * params.out_height * params.out_width;
  let b = select(0.0, bias[row], params.has_bias == 1 && z < params.batch);
  for (var j = 0u; j < 4; j++) {
    if (columns[j] < params.rows * params.columns) { y[at[j]] = v[j] + b; }
  }
}

fn store_sum(z: u32, row: u32, v: f32) {}

//#include lib/tiled_gemm.wgsl
