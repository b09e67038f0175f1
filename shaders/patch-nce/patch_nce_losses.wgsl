// One step of PatchNCE (docs/method.md section 3; see runPatchNce in engine/operators/patch-nce/loss.ts): takes a block
// of similarities into each row's log-sum-exp of the negatives. For row i of a group of S rows:
//   s_ij = q_i . k_j, with -10 for j = i;  negatives_i = tau * log(sum over j of exp(s_ij / tau))
//   loss_i = log(1 + exp((negatives_i - q_i . k_i) / tau)), or DECOUPLED (negatives_i - q_i . k_i) / tau
// The positive stays out of the sum: in the logarithm of a sum that holds it, a loss near zero loses its digits.
// Negatives are kept in the unit of similarities, whose differences are exact where the quotients by tau are rounded.
// s [rows, keys], the keys being begin, begin + 1, ... of the row's group; loss, negatives [rows]. Until the last block
// is taken, loss holds the positive similarity, once its key has come by. One workgroup per row, merged pairwise in a
// fixed order. Grid: rows, flat.
const WORKGROUP: u32 = 64; // @tunable a power of two
const DECOUPLED: bool = false; // @tunable
// Below every similarity. A float32 holds it divided by tau.
const LOWEST: f32 = -1.0e30;
// The similarity that takes the place of a row's own key among the negatives.
const OWN_KEY: f32 = -10.0;

struct Params { rows: u32, keys: u32, begin: u32, group_size: u32, tau: f32 }

@group(0) @binding(0) var<storage, read> s: array<f32>;
@group(0) @binding(1) var<storage, read_write> loss: array<f32>;
@group(0) @binding(2) var<storage, read_write> negatives: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/index.wgsl
//#include lib/math.wgsl

// x = the largest similarity of negatives, y = sum of exp((similarity - x) / tau), z = that of the positive or 0.
var<workgroup> partial: array<vec3f, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let given = flat_index(group, groups, 0, 1);
  // A folded grid may hold rows too many: they repeat the last and store nothing.
  let row = min(given, params.rows - 1);
  let own = row % params.group_size;
  var highest = LOWEST;
  var total = 0.0;
  var positive = 0.0;
  for (var j = local; j < params.keys; j += WORKGROUP) {
    var negative = s[row * params.keys + j];
    if (params.begin + j == own) {
      positive = negative;
      negative = OWN_KEY;
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
  if (local == 0 && given < params.rows) {
    var before = LOWEST;
    if (params.begin > 0) { before = negatives[row]; }
    if (own < params.begin) { positive = loss[row]; } else { positive = partial[0].z; }
    let top = max(partial[0].x, before);
    let sum = partial[0].y * exp((partial[0].x - top) / params.tau) + exp((before - top) / params.tau);
    let value = top + params.tau * log(sum);
    negatives[row] = value;
    let last = params.begin + params.keys == params.group_size;
    let odds = (value - positive) / params.tau;
    loss[row] = select(positive, select(softplus(vec4f(odds)).x, odds, DECOUPLED), last);
  }
}
