// The similarities of 8 queries with the four keys that this lane owns: entry r holds row0 + r against keys key..key + 3 of the
// group that begins at row `base` of q and k. Rows beyond the group repeat its last one; callers mask them. Where channels go
// by fours, q4 and k4 (the same memory as q and k) are read by fours. Four channels are summed before they join the total.

// Channels c..c + 3 of row `row` of q, zero beyond the last.
fn query_four(row: u32, c: u32) -> vec4f {
  if (FOURS) { return q4[(row * params.channels + c) / 4]; }
  var four = vec4f();
  for (var i = 0u; i < 4; i++) {
    if (c + i < params.channels) { four[i] = q[row * params.channels + c + i]; }
  }
  return four;
}

// The same of k; beyond the last channel it repeats that, which the query's zeros void.
fn key_four(row: u32, c: u32) -> vec4f {
  if (FOURS) { return k4[(row * params.channels + c) / 4]; }
  let at = row * params.channels + min(vec4u(c, c + 1, c + 2, c + 3), vec4u(params.channels - 1));
  return vec4f(k[at.x], k[at.y], k[at.z], k[at.w]);
}

fn dots(base: u32, row0: u32, key: u32, lane: u32) -> array<vec4f, 8> {
  let last = params.group_size - 1;
  let q_low = base + min(row0 + (lane & (HIGH + 3)), last);
  let q_high = base + min(row0 + 4 + (lane & 3), last);
  let keys = base + min(vec4u(key, key + 1, key + 2, key + 3), vec4u(last));
  var d: array<vec4f, 8>;
  for (var c = 0u; c < params.channels; c += 4) {
    let m = transpose(mat4x4f(key_four(keys.x, c), key_four(keys.y, c), key_four(keys.z, c), key_four(keys.w, c)));
    let low = query_four(q_low, c);
    var high = low;
    if (LANES < 8) { high = query_four(q_high, c); }
    d[0] += m * subgroupBroadcast(low, 0);
    d[1] += m * subgroupBroadcast(low, 1);
    d[2] += m * subgroupBroadcast(low, 2);
    d[3] += m * subgroupBroadcast(low, 3);
    d[4] += m * subgroupBroadcast(high, HIGH);
    d[5] += m * subgroupBroadcast(high, HIGH + 1);
    d[6] += m * subgroupBroadcast(high, HIGH + 2);
    d[7] += m * subgroupBroadcast(high, HIGH + 3);
  }
  return d;
}
