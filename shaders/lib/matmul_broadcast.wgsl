// The body that both broadcast products share (see matmul_broadcast.wgsl). The file that includes it says how to read four
// elements of a along k (zero beyond the end), a block of c (the four columns of this lane at k..k + 3, anything beyond the
// end), and how to store four results.

fn finish(n: u32, sum: f32) -> f32 {
  var v = sum;
  if (params.has_bias == 1) { v += bias[n]; }
  if (params.relu == 1) { v = max(v, 0.0); }
  return v;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m0 = group.y * ROWS;
  let n0 = (group.x * LANES + lane) * 4;
  let a_base = group.z * params.a_batch;
  // Lanes beyond the last column work on the first again and store nothing.
  let columns = params.c_base + group.z * params.c_batch + select(vec4u(n0, n0 + 1, n0 + 2, n0 + 3), vec4u(), n0 >= params.n) * params.c_n;

  var totals: array<vec4f, ROWS>;
  for (var k = 0u; k < params.k; k += 4) {
    let m = c_block(columns, k);
    for (var eight = 0u; eight < ROWS / 8; eight++) {
      let r = eight * 8;
      let low = a_four(a_base + min(m0 + r + (lane & (HIGH + 3)), params.m - 1) * params.a_m, k);
      var high = low;
      if (LANES < 8) { high = a_four(a_base + min(m0 + r + 4 + (lane & 3), params.m - 1) * params.a_m, k); }
      totals[r] += m * subgroupBroadcast(low, 0);
      totals[r + 1] += m * subgroupBroadcast(low, 1);
      totals[r + 2] += m * subgroupBroadcast(low, 2);
      totals[r + 3] += m * subgroupBroadcast(low, 3);
      totals[r + 4] += m * subgroupBroadcast(high, HIGH);
      totals[r + 5] += m * subgroupBroadcast(high, HIGH + 1);
      totals[r + 6] += m * subgroupBroadcast(high, HIGH + 2);
      totals[r + 7] += m * subgroupBroadcast(high, HIGH + 3);
    }
  }
  for (var r = 0u; r < ROWS; r++) {
    if (m0 + r < params.m && n0 < params.n) { store_four((group.z * params.m + m0 + r) * params.n + n0, n0, totals[r]); }
  }
}
