// The body that both broadcast products share (see matmul_broadcast.wgsl). The file that includes it says how to read four
// elements of a along k (zero beyond the end), a block of c (the four columns of this lane at k..k + 3, anything beyond the
// end), and how to read and store four neighbours of y.
// Eight rows a workgroup: with sixteen, a total that is touched again after the loop costs half the speed on lavapipe, whose
// compiler then carries 64 registers around it.

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m0 = group.y * 8;
  let n0 = (group.x * LANES + lane) * 4;
  // Lanes beyond the last column work on the first again and store nothing.
  let columns = params.c_base + group.z * params.c_batch
    + select(vec4u(n0, n0 + 1, n0 + 2, n0 + 3), vec4u(), n0 >= params.n) * params.c_n;
  let a_base = group.z * params.a_batch;
  let last = params.m - 1;
  let a_low = a_base + min(m0 + (lane & (HIGH + 3)), last) * params.a_m;
  let a_high = a_base + min(m0 + 4 + (lane & 3), last) * params.a_m;

  var totals: array<vec4f, 8>;
  for (var k = 0u; k < params.k; k += 4) {
    let m = c_block(columns, k);
    let low = a_four(a_low, k);
    var high = low;
    if (LANES < 8) { high = a_four(a_high, k); }
    totals[0] += m * subgroupBroadcast(low, 0);
    totals[1] += m * subgroupBroadcast(low, 1);
    totals[2] += m * subgroupBroadcast(low, 2);
    totals[3] += m * subgroupBroadcast(low, 3);
    totals[4] += m * subgroupBroadcast(high, HIGH);
    totals[5] += m * subgroupBroadcast(high, HIGH + 1);
    totals[6] += m * subgroupBroadcast(high, HIGH + 2);
    totals[7] += m * subgroupBroadcast(high, HIGH + 3);
  }

  var b = vec4f();
  if (params.has_bias == 1) {
    let end = params.n - 1;
    b = vec4f(bias[min(n0, end)], bias[min(n0 + 1, end)], bias[min(n0 + 2, end)], bias[min(n0 + 3, end)]);
  }
  if (n0 >= params.n) { return; }
  // A loop whose bounds are no constants: eight stores of four side by side would take longer to compile than all the rest.
  let end = min(m0 + 8, params.m);
  for (var m = m0; m < end; m++) {
    var total = totals[0];
    for (var r = 1u; r < 8; r++) { total = select(total, totals[r], m == m0 + r); }
    total += b;
    if (params.relu == 1) { total = max(total, vec4f()); }
    store_four((group.z * params.m + m) * params.n + n0, n0, total);
  }
}
