// The similarities of 8 queries with the four keys that this lane owns: entry r holds row0 + r against keys key..key + 3 of the
// group that begins at row `base` of q and k. Rows beyond the group repeat its last one; callers mask them.
fn dots(base: u32, row0: u32, key: u32, lane: u32) -> array<vec4f, 8> {
  let last = params.group_size - 1;
  let q_low = (base + min(row0 + (lane & (HIGH + 3)), last)) * params.channels;
  let q_high = (base + min(row0 + 4 + (lane & 3), last)) * params.channels;
  let k0 = (base + min(key, last)) * params.channels;
  let k1 = (base + min(key + 1, last)) * params.channels;
  let k2 = (base + min(key + 2, last)) * params.channels;
  let k3 = (base + min(key + 3, last)) * params.channels;
  var d0 = vec4f(); var d1 = vec4f(); var d2 = vec4f(); var d3 = vec4f();
  var d4 = vec4f(); var d5 = vec4f(); var d6 = vec4f(); var d7 = vec4f();
  for (var c = 0u; c < params.channels; c++) {
    let v = vec4f(k[k0 + c], k[k1 + c], k[k2 + c], k[k3 + c]);
    let low = q[q_low + c];
    var high = low;
    if (LANES < 8) { high = q[q_high + c]; }
    d0 += subgroupBroadcast(low, 0) * v;
    d1 += subgroupBroadcast(low, 1) * v;
    d2 += subgroupBroadcast(low, 2) * v;
    d3 += subgroupBroadcast(low, 3) * v;
    d4 += subgroupBroadcast(high, HIGH) * v;
    d5 += subgroupBroadcast(high, HIGH + 1) * v;
    d6 += subgroupBroadcast(high, HIGH + 2) * v;
    d7 += subgroupBroadcast(high, HIGH + 3) * v;
  }
  return array<vec4f, 8>(d0, d1, d2, d3, d4, d5, d6, d7);
}
