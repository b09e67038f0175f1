// Convolution for adapters that are a CPU: direct, from registers, without workgroup memory or barriers.
// A workgroup is one subgroup. It makes 8 output channels of LANES * 8 pixels: every lane owns 8 neighbouring pixels of a
// row, holds the weights of one of the 8 channels, and lane r's weight is broadcast to all. For each input channel and tap
// row a lane reads one window of x and slides TAPS_X taps over it.
// Layouts: x [batch, in_channels, in_height, in_width], y [batch, out_channels, out_height, out_width], w by strides.
// Grid: x = groups of pixels, y = blocks of 8 output channels, z = batch.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
const TAPS_X: u32 = 3; // @tunable taps along a row
const STRIDE: u32 = 1; // @tunable step along a row
const WINDOW: u32 = 7 * STRIDE + TAPS_X;
// Channels summed by themselves before they join the total: short chains of additions round less.
const CHUNK: u32 = 8;
// With fewer than 8 lanes every lane holds the weights of two channels.
const HIGH: u32 = min(LANES / 8u, 1u) * 4u;

//#include lib/convolution.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn store(n: u32, m: u32, oy: u32, ox: u32, low: vec4f, high: vec4f) {
  if (m >= params.out_channels || oy >= params.rows) { return; }
  var b = 0.0;
  if (params.has_bias == 1) { b = bias[m]; }
  let row = ((n * params.out_channels + m) * params.out_height + oy * params.out_step + params.out_y) * params.out_width + params.out_x;
  for (var i = 0u; i < 4; i++) {
    if (ox + i < params.columns) { y[row + (ox + i) * params.out_step] = low[i] + b; }
  }
  for (var i = 0u; i < 4; i++) {
    if (ox + 4 + i < params.columns) { y[row + (ox + 4 + i) * params.out_step] = high[i] + b; }
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let n = group.z;
  let m0 = group.y * 8;
  let octets = (params.columns + 7) / 8;
  let octet = group.x * LANES + lane;
  let oy = octet / octets;
  let ox = (octet % octets) * 8;

  var column: array<u32, WINDOW>;
  var inside: array<bool, WINDOW>;
  for (var i = 0u; i < WINDOW; i++) {
    let s = source(i32(ox * STRIDE + i) - params.pad_x, params.in_width, params.reflect);
    column[i] = s.x;
    inside[i] = s.y == 1;
  }

  var low_sums: array<vec4f, 8>;
  var high_sums: array<vec4f, 8>;

  let last = params.out_channels - 1;
  let w_low = params.w_base + i32(min(m0 + (lane & (HIGH + 3)), last)) * params.w_m;
  let w_high = params.w_base + i32(min(m0 + 4 + (lane & 3), last)) * params.w_m;

  for (var ty = 0u; ty < params.taps_y; ty++) {
    let s = source(i32(oy * params.stride + ty) - params.pad_y, params.in_height, params.reflect);
    for (var first = 0u; first < params.in_channels; first += CHUNK) {
      var a0 = vec4f(); var b0 = vec4f(); var a1 = vec4f(); var b1 = vec4f();
      var a2 = vec4f(); var b2 = vec4f(); var a3 = vec4f(); var b3 = vec4f();
      var a4 = vec4f(); var b4 = vec4f(); var a5 = vec4f(); var b5 = vec4f();
      var a6 = vec4f(); var b6 = vec4f(); var a7 = vec4f(); var b7 = vec4f();
      let end = min(first + CHUNK, params.in_channels);
      for (var c = first; c < end; c++) {
        let row = ((n * params.in_channels + c) * params.in_height + s.x) * params.in_width;
        var v: array<f32, WINDOW>;
        for (var i = 0u; i < WINDOW; i++) {
          v[i] = select(0.0, x[row + column[i]], inside[i] && s.y == 1);
        }
        let tap = i32(c) * params.w_c + i32(ty) * params.w_ty;
        for (var tx = 0u; tx < TAPS_X; tx++) {
          let low = w[u32(w_low + tap + i32(tx) * params.w_tx)];
          var high = low;
          if (LANES < 8) { high = w[u32(w_high + tap + i32(tx) * params.w_tx)]; }
          let p = vec4f(v[tx], v[tx + STRIDE], v[tx + 2 * STRIDE], v[tx + 3 * STRIDE]);
          let q = vec4f(v[tx + 4 * STRIDE], v[tx + 5 * STRIDE], v[tx + 6 * STRIDE], v[tx + 7 * STRIDE]);
          let w0 = subgroupBroadcast(low, 0); a0 += w0 * p; b0 += w0 * q;
          let w1 = subgroupBroadcast(low, 1); a1 += w1 * p; b1 += w1 * q;
          let w2 = subgroupBroadcast(low, 2); a2 += w2 * p; b2 += w2 * q;
          let w3 = subgroupBroadcast(low, 3); a3 += w3 * p; b3 += w3 * q;
          let w4 = subgroupBroadcast(high, HIGH); a4 += w4 * p; b4 += w4 * q;
          let w5 = subgroupBroadcast(high, HIGH + 1); a5 += w5 * p; b5 += w5 * q;
          let w6 = subgroupBroadcast(high, HIGH + 2); a6 += w6 * p; b6 += w6 * q;
          let w7 = subgroupBroadcast(high, HIGH + 3); a7 += w7 * p; b7 += w7 * q;
        }
      }
      low_sums[0] += a0; high_sums[0] += b0;
      low_sums[1] += a1; high_sums[1] += b1;
      low_sums[2] += a2; high_sums[2] += b2;
      low_sums[3] += a3; high_sums[3] += b3;
      low_sums[4] += a4; high_sums[4] += b4;
      low_sums[5] += a5; high_sums[5] += b5;
      low_sums[6] += a6; high_sums[6] += b6;
      low_sums[7] += a7; high_sums[7] += b7;
    }
  }

  for (var r = 0u; r < 8; r++) { store(n, m0 + r, oy, ox, low_sums[r], high_sums[r]); }
}
