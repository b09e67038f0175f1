// One step of PatchNCE (docs/method.md section 3; see runPatchNce in engine/operators/patch-nce/loss.ts): adds a block
// of similarities to each row's running log-sum-exp over the negatives, lse. For row i of a group of S rows:
//   s_ij = q_i . k_j, with -10 for j = i;  lse_i = tau * log(sum over j of exp(s_ij / tau))
//   loss_i = log(1 + exp((lse_i - q_i . k_i) / tau)), or DECOUPLED (lse_i - q_i . k_i) / tau
// The positive stays out of the sum: in the logarithm of a sum that contains it, a loss near zero loses its digits. lse
// is times tau because differences of similarities are exact, and those of their rounded quotients by tau are not.
// s [rows, keys], the keys being begin, begin + 1, ... of the row's group; loss, lse [rows]. From the block that
// contains the positive until the last block, loss holds its similarity. One workgroup per row, merged pairwise in a
// fixed order. Grid: rows, flat.
const WORKGROUP: u32 = 64; // @tunable a power of two
const DECOUPLED: bool = false; // @tunable whether the positive is not in the sum: hDCE's loss
// Below every similarity, and finite in float32 when divided by tau.
const LOWEST: f32 = -1.0e30;
// Takes the place of the positive in the matrix of negatives.
const DIAGONAL_MASK: f32 = -10.0;

struct Params { rows: u32, keys: u32, begin: u32, group_size: u32, tau: f32 }

@group(0) @binding(0) var<storage, read> s: array<f32>;
@group(0) @binding(1) var<storage, read_write> loss: array<f32>;
@group(0) @binding(2) var<storage, read_write> lse: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/index.wgsl
//#include lib/math.wgsl

// x = the largest similarity of negatives, y = sum of exp((similarity - x) / tau), z = the positive's similarity or 0.
var<workgroup> partial: array<vec3f, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let index = flat_index(group, groups, 0, 1);
  // A folded grid may hold too many rows: they repeat the last one and store nothing.
  let row = min(index, params.rows - 1);
  let diagonal = row % params.group_size;
  var highest = LOWEST;
  var total = 0.0;
  var positive = 0.0;
  for (var j = local; j < params.keys; j += WORKGROUP) {
    var negative = s[row * params.keys + j];
    if (params.begin + j == diagonal) {
      positive = negative;
      negative = DIAGONAL_MASK;
    }
    let top = max(highest, negative);
    total = total * exp((highest - top) / params.tau) + exp((negative - top) / params.tau);
    highest = top;
  }
  partial[local] = vec3f(highest, total, positive);
  workgroupBarrier();
  for (var half = WORKGROUP / 2; half > 0; half /= 2) {
    if (local < half) {
      let a = partial[local];
      let b = partial[local + half];
      let top = max(a.x, b.x);
      let sum = a.y * exp((a.x - top) / params.tau) + b.y * exp((b.x - top) / params.tau);
      partial[local] = vec3f(top, sum, a.z + b.z);
    }
    workgroupBarrier();
  }
  if (local == 0 && index < params.rows) {
    var before = LOWEST;
    if (params.begin > 0) { before = lse[row]; }
    if (diagonal < params.begin) { positive = loss[row]; } else { positive = partial[0].z; }
    let top = max(partial[0].x, before);
    let sum = partial[0].y * exp((partial[0].x - top) / params.tau) + exp((before - top) / params.tau);
    let value = top + params.tau * log(sum);
    lse[row] = value;
    let last = params.begin + params.keys == params.group_size;
    let odds = (value - positive) / params.tau;
    loss[row] = select(positive, select(softplus(vec4f(odds)).x, odds, DECOUPLED), last);
  }
}
