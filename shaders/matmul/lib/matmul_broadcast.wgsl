// The body that both broadcast products share (see matmul_broadcast.wgsl). The file that includes it defines:
//   a_vec4(row, k)             four elements of a along k, zero where k is out of bounds
//   b_block(columns, k)        this lane's four columns at k..k + 3, any values where out of bounds
//   store_vec4(first, n0, v)   stores, or accumulates, four neighbours of y
// On lavapipe a load of one element takes as long as several multiplications: a workgroup of four blocks of rows loads
// b once for all of them. All loads of an iteration come before its arithmetic, which otherwise waits for each.
// The engine unrolls the loops over rows (engine/device/unroll.ts). subgroupBroadcast would need a constant expression
// for the lane, and Tint adds a check of the lane to it, but not to subgroupShuffle.
const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
const ROW_BLOCKS: u32 = 1; // @tunable blocks of eight rows that a workgroup computes: 1, 2 or 4
const ROWS: u32 = 8 * ROW_BLOCKS;
// With fewer than 8 lanes every lane holds the elements of two rows.
const HIGH: u32 = min(LANES / 8u, 1u) * 4u;

//#include lib/index.wgsl

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let across = (params.n + LANES * 4 - 1) / (LANES * 4);
  let blocks = (params.m + ROWS - 1) / ROWS;
  let flat = flat_index(group, groups, 0, 1);
  let rest = flat / across;
  let z = rest / blocks;
  if (z >= params.batch) { return; }
  let m0 = (rest - z * blocks) * ROWS;
  let n0 = ((flat - rest * across) * LANES + lane) * 4;
  // Lanes beyond the last column compute the first and store nothing.
  let columns = params.b_base + z * params.b_batch
    + select(vec4u(n0, n0 + 1, n0 + 2, n0 + 3), vec4u(), n0 >= params.n) * params.b_n;
  let last = params.m - 1;
  let a_base = z * params.a_batch;
  var a_low: array<u32, ROW_BLOCKS>;
  var a_high: array<u32, ROW_BLOCKS>;
  for (var i = 0u; i < ROW_BLOCKS; i++) {
    a_low[i] = a_base + min(m0 + 8 * i + (lane & (HIGH + 3)), last) * params.a_m;
    a_high[i] = a_base + min(m0 + 8 * i + 4 + (lane & 3), last) * params.a_m;
  }

  var totals: array<vec4f, ROWS>;
  for (var k = 0u; k < params.k; k += 4) {
    var low: array<vec4f, ROW_BLOCKS>;
    for (var i = 0u; i < ROW_BLOCKS; i++) { low[i] = a_vec4(a_low[i], k); }
    var high = low;
    if (LANES < 8) {
      for (var i = 0u; i < ROW_BLOCKS; i++) { high[i] = a_vec4(a_high[i], k); }
    }
    let b4x4 = b_block(columns, k);
    for (var i = 0u; i < ROW_BLOCKS; i++) {
      for (var r = 0u; r < 4; r++) { totals[8 * i + r] += b4x4 * subgroupShuffle(low[i], r); }
      for (var r = 4u; r < 8; r++) { totals[8 * i + r] += b4x4 * subgroupShuffle(high[i], HIGH + r % 4); }
    }
  }

  var addend = vec4f();
  if (params.has_bias == 1) {
    let end = params.n - 1;
    addend = vec4f(bias[min(n0, end)], bias[min(n0 + 1, end)], bias[min(n0 + 2, end)], bias[min(n0 + 3, end)]);
  }
  if (n0 >= params.n) { return; }
  // A loop whose bounds are not constants: eight unrolled stores would take longer to compile than all the rest.
  let end = min(m0 + ROWS, params.m);
  for (var m = m0; m < end; m++) {
    var total = totals[0];
    for (var r = 1u; r < ROWS; r++) { total = select(total, totals[r], m == m0 + r); }
    total += addend;
    if (params.relu == 1) { total = max(total, vec4f()); }
    let at = (z * params.m + m) * params.n + n0;
    if (params.gated == 1) {
      let mask = vec4f(bias[at], bias[at + 1], bias[at + 2], bias[at + 3]);
      total = select(params.slope * total, total, mask > vec4f());
    }
    store_vec4(at, n0, total);
  }
}
