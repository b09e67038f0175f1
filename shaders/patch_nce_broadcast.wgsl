// PatchNCE, forward, for adapters that are a CPU (see patch_nce.wgsl for the formula). A workgroup is one subgroup and makes 8
// rows: every lane owns four neighbouring keys at a time, holds channels of one of the 8 queries, and lane r's are broadcast
// to all; each lane keeps a running maximum and sum of its keys for every row, and the lanes are merged at the end.
// q, k [groups * S, channels]; loss, lse [groups * S]. Grid: x = blocks of 8 rows, which never straddle two groups.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
const FOURS: bool = false; // @tunable channels are a multiple of 4
const HIGH: u32 = min(LANES / 8u, 1u) * 4u;

struct Params { rows: u32, group_size: u32, channels: u32, tau: f32 }

@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> q4: array<vec4f>;
@group(0) @binding(3) var<storage, read> k4: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> loss: array<f32>;
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

//#include lib/nce_dots.wgsl

// One row's running state: x = maximum, y = sum of exp(logit - maximum), z = positive logit, in this lane's keys.
fn absorb(state: vec3f, dots: vec4f, keys: vec4u, row: u32) -> vec3f {
  let own = keys == vec4u(row);
  let logits = dots / params.tau;
  // The positive has a column of its own, and the diagonal of the negatives is masked by -10.
  let negatives = select(select(logits, vec4f(-10.0 / params.tau), own), vec4f(-3.0e38), keys >= vec4u(params.group_size));
  let positives = select(vec4f(-3.0e38), logits, own);
  let both = max(negatives, positives);
  let top = max(state.x, max(max(both.x, both.y), max(both.z, both.w)));
  let terms = exp(negatives - top) + exp(positives - top);
  let sum = state.y * exp(state.x - top) + terms.x + terms.y + terms.z + terms.w;
  let positive = select(vec4f(0.0), logits, own);
  return vec3f(top, sum, state.z + positive.x + positive.y + positive.z + positive.w);
}

fn finish(state: vec3f, row: u32, last: u32, lane: u32) {
  let top = subgroupMax(state.x);
  let sum = subgroupAdd(state.y * exp(state.x - top));
  let positive = subgroupAdd(state.z);
  if (lane == 0 && row <= last) {
    let value = top + log(sum);
    lse[row] = value;
    loss[row] = value - positive;
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let blocks = (params.group_size + 7) / 8;
  let first_key = (group.x / blocks) * params.group_size;
  let row0 = (group.x % blocks) * 8;
  let empty = vec3f(-3.0e38, 0.0, 0.0);
  var s0 = empty; var s1 = empty; var s2 = empty; var s3 = empty;
  var s4 = empty; var s5 = empty; var s6 = empty; var s7 = empty;
  for (var start = 0u; start < params.group_size; start += LANES * 4) {
    let key = start + lane * 4;
    let keys = vec4u(key, key + 1, key + 2, key + 3);
    let d = dots(first_key, row0, key, lane);
    s0 = absorb(s0, d[0], keys, row0);
    s1 = absorb(s1, d[1], keys, row0 + 1);
    s2 = absorb(s2, d[2], keys, row0 + 2);
    s3 = absorb(s3, d[3], keys, row0 + 3);
    s4 = absorb(s4, d[4], keys, row0 + 4);
    s5 = absorb(s5, d[5], keys, row0 + 5);
    s6 = absorb(s6, d[6], keys, row0 + 6);
    s7 = absorb(s7, d[7], keys, row0 + 7);
  }
  let first = first_key + row0;
  let last = first_key + params.group_size - 1;
  finish(s0, first, last, lane);
  finish(s1, first + 1, last, lane);
  finish(s2, first + 2, last, lane);
  finish(s3, first + 3, last, lane);
  finish(s4, first + 4, last, lane);
  finish(s5, first + 5, last, lane);
  finish(s6, first + 6, last, lane);
  finish(s7, first + 7, last, lane);
}
