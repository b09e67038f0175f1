// One step of PatchNCE (docs/method.md section 3; see runPatchNce in engine/operators/patch-nce/loss.ts): takes a block
// of similarities into each row's log-sum-exp. For row i of a group of S rows:
//   logits = [q_i . k_i, then q_i . k_j for all j of the group, with -10 for j = i] / tau
//   loss_i = log(sum of exp(logits)) - logits[0]
// s [rows, keys], the keys being begin, begin + 1, ... of the row's group; loss, lse [rows]. Until the last block is
// taken, loss holds the positive logit, once its key has come by. One workgroup per row, merged pairwise in a fixed
// order. Grid: x = 1, y = rows.
const WORKGROUP: u32 = 64; // @tunable a power of two
// Stands for minus infinity, which WGSL cannot write.
const LOWEST: f32 = -3.0e38;
// The similarity that takes the place of a row's own key among the negatives.
const OWN_KEY: f32 = -10.0;

struct Params { rows: u32, keys: u32, begin: u32, group_size: u32, tau: f32 }

@group(0) @binding(0) var<storage, read> s: array<f32>;
@group(0) @binding(1) var<storage, read_write> loss: array<f32>;
@group(0) @binding(2) var<storage, read_write> lse: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/index.wgsl

// x = maximum of logits, y = sum of exp(logit - maximum), z = the positive logit or 0.
var<workgroup> partial: array<vec3f, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let given = row_of(group);
  // A folded grid may hold rows too many: they repeat the last and store nothing.
  let row = min(given, params.rows - 1);
  let own = row % params.group_size;
  var highest = LOWEST;
  var total = 0.0;
  var positive = 0.0;
  for (var j = local; j < params.keys; j += WORKGROUP) {
    let logit = s[row * params.keys + j] / params.tau;
    // The positive has a column of its own, and the diagonal of the negatives is masked by -10.
    var masked = LOWEST;
    if (params.begin + j == own) {
      masked = OWN_KEY / params.tau;
      positive = logit;
    }
    let top = max(highest, max(logit, masked));
    total = total * exp(highest - top) + exp(logit - top) + exp(masked - top);
    highest = top;
  }
  partial[local] = vec3f(highest, total, positive);
  workgroupBarrier();
  for (var half = WORKGROUP / 2; half > 0; half /= 2) {
    if (local < half) {
      let a = partial[local];
      let b = partial[local + half];
      let top = max(a.x, b.x);
      partial[local] = vec3f(top, a.y * exp(a.x - top) + b.y * exp(b.x - top), a.z + b.z);
    }
    workgroupBarrier();
  }
  if (local == 0 && given < params.rows) {
    var before = LOWEST;
    if (params.begin > 0) { before = lse[row]; }
    if (own < params.begin) { positive = loss[row]; } else { positive = partial[0].z; }
    let top = max(partial[0].x, before);
    let value = top + log(partial[0].y * exp(partial[0].x - top) + exp(before - top));
    lse[row] = value;
    loss[row] = select(positive, value - positive, params.begin + params.keys == params.group_size);
  }
}
