// Gradient of a convolution's weights for software adapters: direct, from registers, without workgroup memory.
//   dw[split][m, c, ky, kx]
//     = sum over n, oy, ox of dy[n, m, oy, ox] * x[n, c, oy * stride + ky - pad, ox * stride + kx - pad]
// A workgroup is one subgroup. It computes ROWS output channels of LANES pairs (input channel, kernel row), KW weights
// each: every lane computes one pair, holds four pixels of dy of one of the channels, and lane r's are broadcast to
// all. The rows (n, oy) are divided into splits (split-K), which a second pass sums in a fixed order.
// The eight output channels are written out for the reasons in conv2d_broadcast.wgsl.
// Layouts: dy [batch, out_channels, out_height, out_width], x [batch, in_channels, in_height, in_width].
// Grid: groups of pairs times blocks of ROWS output channels times splits, flat.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
const ROWS: u32 = 8; // @tunable output channels per workgroup: 8, or 4
const KW: u32 = 3; // @tunable width of the kernel
const STRIDE: u32 = 1; // @tunable step along a row
const WINDOW: u32 = 3 * STRIDE + KW;
// With fewer than 8 lanes every lane holds the pixels of two channels.
const HIGH: u32 = min(LANES / 8u, 1u) * 4u;

struct Params {
  batch: u32, in_channels: u32, in_height: u32, in_width: u32,
  out_channels: u32, out_height: u32, out_width: u32,
  kh: u32, kw: u32, stride: u32, pad: i32, reflect: u32, rows_per_split: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/index.wgsl
//#include convolution/lib/source.wgsl

// Four pixels of dy; those beyond the end of the row are zero.
fn pixels(row: u32, ox: u32) -> vec4f {
  var g = vec4f();
  for (var i = 0u; i < 4; i++) {
    g[i] = select(0.0, dy[row + min(ox + i, params.out_width - 1)], ox + i < params.out_width);
  }
  return g;
}

// A row of a kernel's weights.
alias KernelRow = array<f32, KW>;

// The sums plus the products of four pixels of dy with those of x under each kernel element.
fn add_pixels(sums: KernelRow, g: vec4f, v: array<f32, WINDOW>) -> KernelRow {
  var added = sums;
  for (var kx = 0u; kx < KW; kx++) {
    added[kx] += dot(g, vec4f(v[kx], v[kx + STRIDE], v[kx + 2 * STRIDE], v[kx + 3 * STRIDE]));
  }
  return added;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let across = (params.in_channels * params.kh + LANES - 1) / LANES;
  let blocks = (params.out_channels + ROWS - 1) / ROWS;
  let flat = flat_index(group, groups, 0, 1);
  let rest = flat / across;
  let split = rest / blocks;
  let first = split * params.rows_per_split;
  let length = params.batch * params.out_height;
  if (first >= length) { return; }
  let m0 = (rest - split * blocks) * ROWS;
  let pair = (flat - rest * across) * LANES + lane;
  let c = min(pair / params.kh, params.in_channels - 1);
  let ky = pair % params.kh;
  let m_low = min(m0 + (lane & (HIGH + 3)), params.out_channels - 1);
  let m_high = min(m0 + 4 + (lane & 3), params.out_channels - 1);

  // A row of pixels is summed by itself before it is added to the totals: short chains of additions round less.
  var totals: array<KernelRow, 8>;

  let end = min(first + params.rows_per_split, length);
  for (var row = first; row < end; row++) {
    let n = row / params.out_height;
    let oy = row % params.out_height;
    let sy = source(i32(oy * params.stride + ky) - params.pad, params.in_height, params.reflect);
    let x_row = ((n * params.in_channels + c) * params.in_height + sy.x) * params.in_width;
    let low_row = ((n * params.out_channels + m_low) * params.out_height + oy) * params.out_width;
    let high_row = ((n * params.out_channels + m_high) * params.out_height + oy) * params.out_width;
    var sums = array<KernelRow, 8>();
    for (var ox = 0u; ox < params.out_width; ox += 4) {
      var v: array<f32, WINDOW>;
      for (var i = 0u; i < WINDOW; i++) {
        let sx = source(i32(ox * STRIDE + i) - params.pad, params.in_width, params.reflect);
        v[i] = select(0.0, x[x_row + sx.x], sx.y == 1 && sy.y == 1);
      }
      let low = pixels(low_row, ox);
      var high = low;
      if (LANES < 8) { high = pixels(high_row, ox); }
      sums[0] = add_pixels(sums[0], subgroupBroadcast(low, 0), v);
      sums[1] = add_pixels(sums[1], subgroupBroadcast(low, 1), v);
      sums[2] = add_pixels(sums[2], subgroupBroadcast(low, 2), v);
      sums[3] = add_pixels(sums[3], subgroupBroadcast(low, 3), v);
      if (ROWS > 4) {
        sums[4] = add_pixels(sums[4], subgroupBroadcast(high, HIGH), v);
        sums[5] = add_pixels(sums[5], subgroupBroadcast(high, HIGH + 1), v);
        sums[6] = add_pixels(sums[6], subgroupBroadcast(high, HIGH + 2), v);
        sums[7] = add_pixels(sums[7], subgroupBroadcast(high, HIGH + 3), v);
      }
    }
    for (var r = 0u; r < ROWS; r++) {
      for (var kx = 0u; kx < KW; kx++) { totals[r][kx] += sums[r][kx]; }
    }
  }

  // One store in loops whose bounds are not constants compiles in half the time of ROWS * KW unrolled stores.
  if (pair >= params.in_channels * params.kh) { return; }
  let m_end = min(m0 + ROWS, params.out_channels);
  for (var m = m0; m < m_end; m++) {
    var weights = totals[0];
    for (var r = 1u; r < ROWS; r++) {
      for (var kx = 0u; kx < KW; kx++) { weights[kx] = select(weights[kx], totals[r][kx], m == m0 + r); }
    }
    let at = ((split * params.out_channels + m) * params.in_channels * params.kh + pair) * KW;
    let at_end = at + params.kw;
    for (var i = at; i < at_end; i++) {
      dw[i] = weights[0];
      for (var kx = 0u; kx < KW - 1; kx++) { weights[kx] = weights[kx + 1]; }
    }
  }
}
