// PatchNCE, gradient of the queries, for adapters that are a CPU (see patch_nce_gradient.wgsl for the formula). A workgroup is
// one subgroup and makes 8 rows. Keys come in blocks of 256: first every lane forms the probabilities of four keys at a time,
// which go to workgroup memory; then every lane owns four channels at a time and adds p_ij k_j into them, lane r's probability
// being broadcast. Blocks after the first add onto dq, so any number of keys needs the same memory.
// q, k, dq [groups * S, channels]; dloss, lse [groups * S]. Grid: x = blocks of 8 rows, which never straddle two groups.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
const HIGH: u32 = min(LANES / 8u, 1u) * 4u;
const BLOCK: u32 = 256; // keys a block

struct Params { rows: u32, group_size: u32, channels: u32, tau: f32 }

@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> dloss: array<f32>;
@group(0) @binding(4) var<storage, read_write> dq: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

//#include lib/nce_dots.wgsl

// Probabilities of a block, times dloss / tau: [row][key / 4].
var<workgroup> weights: array<vec4f, 512>;

fn put(r: u32, quad: u32, similarity: vec4f, keys: vec4u, row: u32, base: u32) {
  let at = base + min(row, params.group_size - 1);
  // In place of the masked diagonal stands the positive's own gradient.
  let p = exp(similarity / params.tau - lse[at]) - select(vec4f(0.0), vec4f(1.0), keys == vec4u(row));
  weights[r * 64 + quad] = select(p * (dloss[at] / params.tau), vec4f(0.0), keys >= vec4u(params.group_size));
}

fn add(sums: vec4f, row: u32, c: u32, base: u32, begin: u32) {
  if (row >= params.group_size) { return; }
  for (var i = 0u; i < 4; i++) {
    if (c + i < params.channels) {
      let at = (base + row) * params.channels + c + i;
      if (begin == 0) { dq[at] = sums[i]; } else { dq[at] += sums[i]; }
    }
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let blocks = (params.group_size + 7) / 8;
  let base = (group.x / blocks) * params.group_size;
  let row0 = (group.x % blocks) * 8;
  let last_c = params.channels - 1;

  for (var begin = 0u; begin < params.group_size; begin += BLOCK) {
    let keys_here = min(BLOCK, params.group_size - begin);
    workgroupBarrier();
    for (var start = 0u; start < keys_here; start += LANES * 4) {
      let key = begin + start + lane * 4;
      let keys = vec4u(key, key + 1, key + 2, key + 3);
      let quad = start / 4 + lane;
      let d = dots(base, row0, key, lane);
      put(0, quad, d[0], keys, row0, base);
      put(1, quad, d[1], keys, row0 + 1, base);
      put(2, quad, d[2], keys, row0 + 2, base);
      put(3, quad, d[3], keys, row0 + 3, base);
      put(4, quad, d[4], keys, row0 + 4, base);
      put(5, quad, d[5], keys, row0 + 5, base);
      put(6, quad, d[6], keys, row0 + 6, base);
      put(7, quad, d[7], keys, row0 + 7, base);
    }
    workgroupBarrier();

    for (var c0 = 0u; c0 < params.channels; c0 += LANES * 4) {
      let c = c0 + lane * 4;
      let c1 = min(c, last_c);
      let c2 = min(c + 1, last_c);
      let c3 = min(c + 2, last_c);
      let c4 = min(c + 3, last_c);
      var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
      var s4 = vec4f(); var s5 = vec4f(); var s6 = vec4f(); var s7 = vec4f();
      for (var t = 0u; t < keys_here; t++) {
        let row = (base + begin + t) * params.channels;
        let v = vec4f(k[row + c1], k[row + c2], k[row + c3], k[row + c4]);
        let low = weights[(lane & (HIGH + 3)) * 64 + t / 4][t % 4];
        var high = low;
        if (LANES < 8) { high = weights[(4 + (lane & 3)) * 64 + t / 4][t % 4]; }
        s0 += subgroupBroadcast(low, 0) * v;
        s1 += subgroupBroadcast(low, 1) * v;
        s2 += subgroupBroadcast(low, 2) * v;
        s3 += subgroupBroadcast(low, 3) * v;
        s4 += subgroupBroadcast(high, HIGH) * v;
        s5 += subgroupBroadcast(high, HIGH + 1) * v;
        s6 += subgroupBroadcast(high, HIGH + 2) * v;
        s7 += subgroupBroadcast(high, HIGH + 3) * v;
      }
      add(s0, row0, c, base, begin);
      add(s1, row0 + 1, c, base, begin);
      add(s2, row0 + 2, c, base, begin);
      add(s3, row0 + 3, c, base, begin);
      add(s4, row0 + 4, c, base, begin);
      add(s5, row0 + 5, c, base, begin);
      add(s6, row0 + 6, c, base, begin);
      add(s7, row0 + 7, c, base, begin);
    }
  }
}
