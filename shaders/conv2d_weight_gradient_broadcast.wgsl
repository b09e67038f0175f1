// Gradient of a convolution's weights for adapters that are a CPU: direct, from registers, without workgroup memory.
//   dw[split][m, c, ty, tx] = sum over n, oy, ox of dy[n, m, oy, ox] * x[n, c, oy * stride + ty - pad, ox * stride + tx - pad]
// A workgroup is one subgroup. It makes 8 output channels of LANES pairs (input channel, tap row), TAPS_X taps each: every
// lane owns one pair, holds four pixels of dy of one of the 8 channels, and lane r's are broadcast to all.
// The rows (n, oy) are cut into `splits` runs, whose partial sums are added by a second pass in a fixed order.
// Grid: x = groups of pairs, y = blocks of 8 output channels, z = splits.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
const TAPS_X: u32 = 3; // @tunable taps along a row
const STRIDE: u32 = 1; // @tunable step along a row
const WINDOW: u32 = 3 * STRIDE + TAPS_X;
const HIGH: u32 = min(LANES / 8u, 1u) * 4u;

struct Params {
  batch: u32, in_channels: u32, in_height: u32, in_width: u32,
  out_channels: u32, out_height: u32, out_width: u32,
  taps_y: u32, stride: u32, pad: i32, reflect: u32, rows_a_split: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/source.wgsl

fn store(split: u32, m: u32, pair: u32, sums: array<f32, TAPS_X>) {
  if (m >= params.out_channels || pair >= params.in_channels * params.taps_y) { return; }
  let at = ((split * params.out_channels + m) * params.in_channels * params.taps_y + pair) * TAPS_X;
  for (var t = 0u; t < TAPS_X; t++) { dw[at + t] = sums[t]; }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m0 = group.y * 8;
  let pair = group.x * LANES + lane;
  let c = min(pair / params.taps_y, params.in_channels - 1);
  let ty = pair % params.taps_y;
  let m_low = min(m0 + (lane & (HIGH + 3)), params.out_channels - 1);
  let m_high = min(m0 + 4 + (lane & 3), params.out_channels - 1);

  // Totals; a row of pixels is summed by itself before it joins them: short chains of additions round less.
  var t0: array<f32, TAPS_X>; var t1: array<f32, TAPS_X>; var t2: array<f32, TAPS_X>; var t3: array<f32, TAPS_X>;
  var t4: array<f32, TAPS_X>; var t5: array<f32, TAPS_X>; var t6: array<f32, TAPS_X>; var t7: array<f32, TAPS_X>;

  let first = group.z * params.rows_a_split;
  let end = min(first + params.rows_a_split, params.batch * params.out_height);
  for (var row = first; row < end; row++) {
    let n = row / params.out_height;
    let oy = row % params.out_height;
    let sy = source(i32(oy * params.stride + ty) - params.pad, params.in_height, params.reflect);
    let x_row = ((n * params.in_channels + c) * params.in_height + sy.x) * params.in_width;
    let low_row = ((n * params.out_channels + m_low) * params.out_height + oy) * params.out_width;
    let high_row = ((n * params.out_channels + m_high) * params.out_height + oy) * params.out_width;
    var s0 = array<f32, TAPS_X>(); var s1 = array<f32, TAPS_X>(); var s2 = array<f32, TAPS_X>(); var s3 = array<f32, TAPS_X>();
    var s4 = array<f32, TAPS_X>(); var s5 = array<f32, TAPS_X>(); var s6 = array<f32, TAPS_X>(); var s7 = array<f32, TAPS_X>();
    for (var ox = 0u; ox < params.out_width; ox += 4) {
      var v: array<f32, WINDOW>;
      for (var i = 0u; i < WINDOW; i++) {
        let sx = source(i32(ox * STRIDE + i) - params.pad, params.in_width, params.reflect);
        v[i] = select(0.0, x[x_row + sx.x], sx.y == 1 && sy.y == 1);
      }
      var low = vec4f();
      var high = vec4f();
      for (var i = 0u; i < 4; i++) {
        // Pixels beyond the row's end count for nothing.
        let at = min(ox + i, params.out_width - 1);
        let there = ox + i < params.out_width;
        low[i] = select(0.0, dy[low_row + at], there);
        if (LANES < 8) { high[i] = select(0.0, dy[high_row + at], there); }
      }
      if (LANES >= 8) { high = low; }
      let g0 = subgroupBroadcast(low, 0);
      let g1 = subgroupBroadcast(low, 1);
      let g2 = subgroupBroadcast(low, 2);
      let g3 = subgroupBroadcast(low, 3);
      let g4 = subgroupBroadcast(high, HIGH);
      let g5 = subgroupBroadcast(high, HIGH + 1);
      let g6 = subgroupBroadcast(high, HIGH + 2);
      let g7 = subgroupBroadcast(high, HIGH + 3);
      for (var t = 0u; t < TAPS_X; t++) {
        let p = vec4f(v[t], v[t + STRIDE], v[t + 2 * STRIDE], v[t + 3 * STRIDE]);
        s0[t] += dot(g0, p);
        s1[t] += dot(g1, p);
        s2[t] += dot(g2, p);
        s3[t] += dot(g3, p);
        s4[t] += dot(g4, p);
        s5[t] += dot(g5, p);
        s6[t] += dot(g6, p);
        s7[t] += dot(g7, p);
      }
    }
    for (var t = 0u; t < TAPS_X; t++) {
      t0[t] += s0[t]; t1[t] += s1[t]; t2[t] += s2[t]; t3[t] += s3[t];
      t4[t] += s4[t]; t5[t] += s5[t]; t6[t] += s6[t]; t7[t] += s7[t];
    }
  }

  store(group.z, m0, pair, t0);
  store(group.z, m0 + 1, pair, t1);
  store(group.z, m0 + 2, pair, t2);
  store(group.z, m0 + 3, pair, t3);
  store(group.z, m0 + 4, pair, t4);
  store(group.z, m0 + 5, pair, t5);
  store(group.z, m0 + 6, pair, t6);
  store(group.z, m0 + 7, pair, t7);
}
