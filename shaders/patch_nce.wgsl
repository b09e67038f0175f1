// PatchNCE, forward (cut.md section 3), without ever storing the matrix of similarities. For row i of a group of S rows:
//   logits = [q_i . k_i, then q_i . k_j for all j of the group, with -10 for j = i] / tau
//   loss_i = log(sum of exp(logits)) - logits[0]
// A workgroup makes ROWS rows: each invocation takes every WORKGROUP-th key, forms its ROWS dot products and keeps a running
// maximum and sum for each row; these are merged at the end in a fixed order. The rows of q are staged in workgroup memory.
// q, k [groups * S, channels]; loss, lse [groups * S], where lse is the log-sum-exp that the gradient needs again.
const WORKGROUP: u32 = 64; // @tunable
const ROWS: u32 = 8u; // rows a workgroup
const CHUNK: u32 = 128u; // channels staged at a time
const QUADS: u32 = 256u; // ROWS * CHUNK / 4

struct Params { rows: u32, group_size: u32, channels: u32, tau: f32 }

@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> lse: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> tile: array<vec4f, QUADS>;
// x = maximum, y = sum of exp(logit - maximum), z = positive logit.
var<workgroup> partial: array<vec3f, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  // Blocks of rows never straddle two groups.
  let blocks = (params.group_size + ROWS - 1) / ROWS;
  let first_key = (group.x / blocks) * params.group_size;
  let first = first_key + (group.x % blocks) * ROWS;
  let count = min(ROWS, first_key + params.group_size - first);

  var highest: array<f32, 8>;
  var total: array<f32, 8>;
  var positive: array<f32, 8>;
  for (var r = 0u; r < 8; r++) {
    highest[r] = -3.0e38;
    total[r] = 0.0;
    positive[r] = 0.0;
  }

  let rounds = (params.group_size + WORKGROUP - 1) / WORKGROUP;
  for (var round = 0u; round < rounds; round++) {
    let j = round * WORKGROUP + local;
    let key = (first_key + min(j, params.group_size - 1)) * params.channels;
    // The zeros are written out: without them Dawn leaves here what the last round of the loop did.
    var dots = array<f32, 8>();
    for (var c0 = 0u; c0 < params.channels; c0 += CHUNK) {
      workgroupBarrier();
      for (var t = local; t < QUADS; t += WORKGROUP) {
        let row = (first + min(t / 32, count - 1)) * params.channels;
        let c = c0 + (t % 32) * 4;
        var v = vec4f();
        for (var e = 0u; e < 4; e++) {
          if (c + e < params.channels) { v[e] = q[row + c + e]; }
        }
        tile[t] = v;
      }
      workgroupBarrier();
      let quads = (min(CHUNK, params.channels - c0) + 3) / 4;
      for (var t = 0u; t < quads; t++) {
        let c = c0 + t * 4;
        var v = vec4f();
        for (var e = 0u; e < 4; e++) {
          if (c + e < params.channels) { v[e] = k[key + c + e]; }
        }
        for (var r = 0u; r < 8; r++) { dots[r] += dot(tile[r * 32 + t], v); }
      }
    }
    if (j < params.group_size) {
      for (var r = 0u; r < 8; r++) {
        var logit = dots[r] / params.tau;
        if (first + r == first_key + j) {
          positive[r] = logit;
          // The positive's own column, then the masked diagonal.
          let top = max(highest[r], logit);
          total[r] = total[r] * exp(highest[r] - top) + exp(logit - top);
          highest[r] = top;
          logit = -10.0 / params.tau;
        }
        let top = max(highest[r], logit);
        total[r] = total[r] * exp(highest[r] - top) + exp(logit - top);
        highest[r] = top;
      }
    }
  }

  for (var r = 0u; r < 8; r++) {
    workgroupBarrier();
    partial[local] = vec3f(highest[r], total[r], positive[r]);
    workgroupBarrier();
    if (local == 0 && r < count) {
      var sum = partial[0];
      for (var t = 1u; t < WORKGROUP; t++) {
        let other = partial[t];
        let top = max(sum.x, other.x);
        sum = vec3f(top, sum.y * exp(sum.x - top) + other.y * exp(other.x - top), sum.z + other.z);
      }
      let value = sum.x + log(sum.y);
      lse[first + r] = value;
      loss[first + r] = value - sum.z;
    }
  }
}
