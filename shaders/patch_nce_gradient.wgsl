// PatchNCE, gradient of the queries (keys receive none, cut.md section 3), making the similarities again instead of having
// stored them. With p_ij = exp(q_i . k_j / tau - lse_i):
//   dq_i = dloss_i / tau * ((p_ii - 1) k_i + sum over j != i of p_ij k_j)
// A workgroup makes ROWS rows. For each block of WORKGROUP keys, every invocation forms the ROWS probabilities of one key, which go to
// workgroup memory; then every invocation adds p_ij k_j into the channels it owns: OWNED vec4s, WORKGROUP vec4s apart.
// Channels beyond WORKGROUP * OWNED * 4 are another workgroup's (grid y). q, k, dq [groups * S, channels]; dloss, lse [groups * S].
const WORKGROUP: u32 = 64; // @tunable
const OWNED: u32 = 1; // @tunable vec4s of channels an invocation owns
const ROWS: u32 = 4u; // rows a workgroup

struct Params { rows: u32, group_size: u32, channels: u32, tau: f32 }

@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> dloss: array<f32>;
@group(0) @binding(4) var<storage, read_write> dq: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> probability: array<vec4f, WORKGROUP>;

fn quad(from_k: bool, row: u32, c: u32) -> vec4f {
  var v = vec4f();
  for (var e = 0u; e < 4; e++) {
    if (c + e < params.channels) {
      if (from_k) { v[e] = k[row + c + e]; } else { v[e] = q[row + c + e]; }
    }
  }
  return v;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let blocks = (params.group_size + ROWS - 1) / ROWS;
  let first_key = (group.x / blocks) * params.group_size;
  let first = first_key + (group.x % blocks) * ROWS;
  let last = first_key + params.group_size - 1;
  let rows = min(vec4u(first, first + 1, first + 2, first + 3), vec4u(last));
  let c_first = (group.y * WORKGROUP * OWNED + local) * 4;

  var acc0: array<vec4f, OWNED>;
  var acc1: array<vec4f, OWNED>;
  var acc2: array<vec4f, OWNED>;
  var acc3: array<vec4f, OWNED>;

  let rounds = (params.group_size + WORKGROUP - 1) / WORKGROUP;
  for (var round = 0u; round < rounds; round++) {
    let j = round * WORKGROUP + local;
    let key = first_key + min(j, params.group_size - 1);
    var dots = vec4f();
    for (var c = 0u; c < params.channels; c += 4) {
      let v = quad(true, key * params.channels, c);
      dots += vec4f(
        dot(quad(false, rows.x * params.channels, c), v),
        dot(quad(false, rows.y * params.channels, c), v),
        dot(quad(false, rows.z * params.channels, c), v),
        dot(quad(false, rows.w * params.channels, c), v),
      );
    }
    var p = exp(dots / params.tau - vec4f(lse[rows.x], lse[rows.y], lse[rows.z], lse[rows.w]));
    // In place of the masked diagonal stands the positive's own gradient.
    p -= select(vec4f(0.0), vec4f(1.0), rows == vec4u(key));
    workgroupBarrier();
    probability[local] = select(vec4f(0.0), p, j < params.group_size);
    workgroupBarrier();
    let keys = min(WORKGROUP, params.group_size - round * WORKGROUP);
    for (var t = 0u; t < keys; t++) {
      let row = (first_key + round * WORKGROUP + t) * params.channels;
      let weights = probability[t];
      for (var o = 0u; o < OWNED; o++) {
        let v = quad(true, row, c_first + o * WORKGROUP * 4);
        acc0[o] += weights.x * v;
        acc1[o] += weights.y * v;
        acc2[o] += weights.z * v;
        acc3[o] += weights.w * v;
      }
    }
  }

  for (var o = 0u; o < OWNED; o++) {
    let c = c_first + o * WORKGROUP * 4;
    for (var e = 0u; e < 4; e++) {
      if (c + e < params.channels) {
        let at = c + e;
        dq[rows.x * params.channels + at] = acc0[o][e] * dloss[rows.x] / params.tau;
        if (first + 1 <= last) { dq[rows.y * params.channels + at] = acc1[o][e] * dloss[rows.y] / params.tau; }
        if (first + 2 <= last) { dq[rows.z * params.channels + at] = acc2[o][e] * dloss[rows.z] / params.tau; }
        if (first + 3 <= last) { dq[rows.w * params.channels + at] = acc3[o][e] * dloss[rows.w] / params.tau; }
      }
    }
  }
}
