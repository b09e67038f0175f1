// Convolution for software adapters: direct, from registers, without workgroup memory or barriers.
// A workgroup is one subgroup. It computes ROWS output channels of LANES * 8 pixels: every lane computes 8 neighbouring
// pixels of a row, holds the weights of one of the channels, and lane r's weights are broadcast to all. For each input
// channel and kernel row a lane reads one window of x, and the products of that row are summed before they are added to
// the totals. This keeps the totals out of the inner loop, and short chains of additions round less.
// The eight output channels are written out, not looped over: subgroupBroadcast needs a constant expression for the
// lane, and an index into the totals that is not constant would keep them in memory instead of registers. They are
// computed one after the other, since a CPU has registers for the sums of only one.
// Layouts: x [batch, in_channels, in_height, in_width], y [batch, out_channels, out_height, out_width], w by strides.
// Grid: groups of pixels times blocks of ROWS output channels times batch, flat.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
const ROWS: u32 = 8; // @tunable output channels per workgroup: 8, or 4
const KW: u32 = 3; // @tunable width of the kernel
const STRIDE: u32 = 1; // @tunable step along a row
const WINDOW: u32 = 7 * STRIDE + KW;
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

// The total plus the products of one row of the kernel.
fn add_kernel_row(total: Pixels, weights: array<f32, KW>, v: array<f32, WINDOW>) -> Pixels {
  var near = vec4f();
  var far = vec4f();
  for (var kx = 0u; kx < KW; kx++) {
    near += weights[kx] * vec4f(v[kx], v[kx + STRIDE], v[kx + 2 * STRIDE], v[kx + 3 * STRIDE]);
    far += weights[kx] * vec4f(v[kx + 4 * STRIDE], v[kx + 5 * STRIDE], v[kx + 6 * STRIDE], v[kx + 7 * STRIDE]);
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

  for (var ky = 0u; ky < params.kh; ky++) {
    let s = source(i32(oy * params.stride + ky) - params.pad_y, params.in_height, params.reflect);
    for (var c = 0u; c < params.in_channels; c++) {
      let row = ((n * params.in_channels + c) * params.in_height + s.x) * params.in_width;
      var v: array<f32, WINDOW>;
      for (var i = 0u; i < WINDOW; i++) {
        v[i] = select(0.0, x[row + sources[i]], inside[i] && s.y == 1);
      }
      let offset = i32(c) * params.w_c + i32(ky) * params.w_ky;
      var low: array<f32, KW>;
      var high: array<f32, KW>;
      for (var kx = 0u; kx < KW; kx++) {
        low[kx] = w[u32(w_low + offset + i32(kx) * params.w_kx)];
        high[kx] = low[kx];
        if (LANES < 8) { high[kx] = w[u32(w_high + offset + i32(kx) * params.w_kx)]; }
      }
      var weights: array<f32, KW>;
      for (var kx = 0u; kx < KW; kx++) { weights[kx] = subgroupBroadcast(low[kx], 0); }
      totals[0] = add_kernel_row(totals[0], weights, v);
      for (var kx = 0u; kx < KW; kx++) { weights[kx] = subgroupBroadcast(low[kx], 1); }
      totals[1] = add_kernel_row(totals[1], weights, v);
      for (var kx = 0u; kx < KW; kx++) { weights[kx] = subgroupBroadcast(low[kx], 2); }
      totals[2] = add_kernel_row(totals[2], weights, v);
      for (var kx = 0u; kx < KW; kx++) { weights[kx] = subgroupBroadcast(low[kx], 3); }
      totals[3] = add_kernel_row(totals[3], weights, v);
      if (ROWS > 4) {
        for (var kx = 0u; kx < KW; kx++) { weights[kx] = subgroupBroadcast(high[kx], HIGH); }
        totals[4] = add_kernel_row(totals[4], weights, v);
        for (var kx = 0u; kx < KW; kx++) { weights[kx] = subgroupBroadcast(high[kx], HIGH + 1); }
        totals[5] = add_kernel_row(totals[5], weights, v);
        for (var kx = 0u; kx < KW; kx++) { weights[kx] = subgroupBroadcast(high[kx], HIGH + 2); }
        totals[6] = add_kernel_row(totals[6], weights, v);
        for (var kx = 0u; kx < KW; kx++) { weights[kx] = subgroupBroadcast(high[kx], HIGH + 3); }
        totals[7] = add_kernel_row(totals[7], weights, v);
      }
    }
  }

  // One store in loops whose bounds are not constants: 64 unrolled stores would take five times as long to compile as
  // all the rest.
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
