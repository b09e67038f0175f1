// Convolution for software adapters: direct, from registers, without workgroup memory or barriers.
// A workgroup is one subgroup. It computes ROWS output channels of LANES * 8 pixels: every lane computes 8 neighbouring
// pixels of a row, holds the weights of one of the channels, and lane r's weights are broadcast to all. For each input
// channel and tap row a lane reads one window of x, and all taps of that row are summed before they join the totals.
// So the totals stay out of the inner loop, and chains of additions are short and round less.
// The eight output channels are written out, not looped over: subgroupBroadcast takes a lane that is a constant
// expression, and an index into the totals that is no constant would move them from registers to memory. They are
// computed one after the other, since a CPU has registers for the sums of only one.
// Layouts: x [batch, in_channels, in_height, in_width], y [batch, out_channels, out_height, out_width], w by strides.
// Grid: groups of pixels times blocks of ROWS output channels times batch, flat.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
const ROWS: u32 = 8; // @tunable output channels per workgroup: 8, or 4
const TAPS_X: u32 = 3; // @tunable taps along a row
const STRIDE: u32 = 1; // @tunable step along a row
const WINDOW: u32 = 7 * STRIDE + TAPS_X;
// With fewer than 8 lanes every lane holds the weights of two channels.
const HIGH: u32 = min(LANES / 8u, 1u) * 4u;

//#include lib/index.wgsl
//#include convolution/lib/geometry.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// Eight neighbouring pixels of one output channel.
alias Pixels = array<vec4f, 2>;

// The total plus one row of taps.
fn add_taps(total: Pixels, taps: array<f32, TAPS_X>, v: array<f32, WINDOW>) -> Pixels {
  var near = vec4f();
  var far = vec4f();
  for (var t = 0u; t < TAPS_X; t++) {
    near += taps[t] * vec4f(v[t], v[t + STRIDE], v[t + 2 * STRIDE], v[t + 3 * STRIDE]);
    far += taps[t] * vec4f(v[t + 4 * STRIDE], v[t + 5 * STRIDE], v[t + 6 * STRIDE], v[t + 7 * STRIDE]);
  }
  return Pixels(total[0] + near, total[1] + far);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let octets = (params.columns + 7) / 8;
  let across = (params.rows * octets + LANES - 1) / LANES;
  let blocks = (params.out_channels + ROWS - 1) / ROWS;
  let flat = flat_index(group, groups, 0, 1);
  let rest = flat / across;
  let n = rest / blocks;
  if (n >= params.batch) { return; }
  let m0 = (rest - n * blocks) * ROWS;
  let octet = (flat - rest * across) * LANES + lane;
  let oy = octet / octets;
  let ox = (octet % octets) * 8;

  var sources: array<u32, WINDOW>;
  var inside: array<bool, WINDOW>;
  for (var i = 0u; i < WINDOW; i++) {
    let s = source(i32(ox * STRIDE + i) - params.pad_x, params.in_width, params.reflect);
    sources[i] = s.x;
    inside[i] = s.y == 1;
  }

  var totals: array<Pixels, 8>;

  let last = params.out_channels - 1;
  let w_low = params.w_base + i32(min(m0 + (lane & (HIGH + 3)), last)) * params.w_m;
  let w_high = params.w_base + i32(min(m0 + 4 + (lane & 3), last)) * params.w_m;

  for (var ty = 0u; ty < params.taps_y; ty++) {
    let s = source(i32(oy * params.stride + ty) - params.pad_y, params.in_height, params.reflect);
    for (var c = 0u; c < params.in_channels; c++) {
      let row = ((n * params.in_channels + c) * params.in_height + s.x) * params.in_width;
      var v: array<f32, WINDOW>;
      for (var i = 0u; i < WINDOW; i++) {
        v[i] = select(0.0, x[row + sources[i]], inside[i] && s.y == 1);
      }
      let tap = i32(c) * params.w_c + i32(ty) * params.w_ty;
      var low: array<f32, TAPS_X>;
      var high: array<f32, TAPS_X>;
      for (var t = 0u; t < TAPS_X; t++) {
        low[t] = w[u32(w_low + tap + i32(t) * params.w_tx)];
        high[t] = low[t];
        if (LANES < 8) { high[t] = w[u32(w_high + tap + i32(t) * params.w_tx)]; }
      }
      var taps: array<f32, TAPS_X>;
      for (var t = 0u; t < TAPS_X; t++) { taps[t] = subgroupBroadcast(low[t], 0); }
      totals[0] = add_taps(totals[0], taps, v);
      for (var t = 0u; t < TAPS_X; t++) { taps[t] = subgroupBroadcast(low[t], 1); }
      totals[1] = add_taps(totals[1], taps, v);
      for (var t = 0u; t < TAPS_X; t++) { taps[t] = subgroupBroadcast(low[t], 2); }
      totals[2] = add_taps(totals[2], taps, v);
      for (var t = 0u; t < TAPS_X; t++) { taps[t] = subgroupBroadcast(low[t], 3); }
      totals[3] = add_taps(totals[3], taps, v);
      if (ROWS > 4) {
        for (var t = 0u; t < TAPS_X; t++) { taps[t] = subgroupBroadcast(high[t], HIGH); }
        totals[4] = add_taps(totals[4], taps, v);
        for (var t = 0u; t < TAPS_X; t++) { taps[t] = subgroupBroadcast(high[t], HIGH + 1); }
        totals[5] = add_taps(totals[5], taps, v);
        for (var t = 0u; t < TAPS_X; t++) { taps[t] = subgroupBroadcast(high[t], HIGH + 2); }
        totals[6] = add_taps(totals[6], taps, v);
        for (var t = 0u; t < TAPS_X; t++) { taps[t] = subgroupBroadcast(high[t], HIGH + 3); }
        totals[7] = add_taps(totals[7], taps, v);
      }
    }
  }

  // The results leave one by one, through a single store, in loops whose bounds are no constants: 64 stores side by
  // side would take five times as long to compile as all the rest.
  if (oy >= params.rows) { return; }
  let end = min(m0 + ROWS, params.out_channels);
  let edge = min(ox + 8, params.columns);
  for (var m = m0; m < end; m++) {
    var b = 0.0;
    if (params.has_bias == 1) { b = bias[m]; }
    let y_row = (n * params.out_channels + m) * params.out_height + oy * params.out_step + params.out_y;
    let row = y_row * params.out_width + params.out_x;
    var near = totals[0][0];
    var far = totals[0][1];
    for (var r = 1u; r < ROWS; r++) {
      near = select(near, totals[r][0], m == m0 + r);
      far = select(far, totals[r][1], m == m0 + r);
    }
    for (var column = ox; column < edge; column++) {
      y[row + column * params.out_step] = near.x + b;
      near = vec4f(near.yzw, far.x);
      far = vec4f(far.yzw, 0.0);
    }
  }
}
