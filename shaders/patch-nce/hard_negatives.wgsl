// Similarities s [rows, size] of queries with the keys of their group, as hDCE weights them (docs/method.md section 3),
// in their own place, and the weights w, from those r of the row's own key with the others:
//   w_ij = exp((r_ij - max over j' != i of r_ij') / gamma);  w_ii = 1;  s_ij becomes w_ij s_ij
// gamma [1]. One workgroup per row. Grid: rows, flat.
const WORKGROUP: u32 = 64; // @tunable a power of two
// What stands for a row's similarity with its own key.
const OWN_KEY: f32 = -10.0;

struct Params { rows: u32, size: u32 }

@group(0) @binding(0) var<storage, read> r: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read_write> s: array<f32>;
@group(0) @binding(3) var<storage, read_write> w: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

//#include lib/index.wgsl

var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let given = flat_index(group, groups, 0, 1);
  // A folded grid may hold rows too many: they look at the last and store nothing.
  let row = min(given, params.rows - 1);
  let own = row % params.size;
  var highest = OWN_KEY;
  for (var j = local; j < params.size; j += WORKGROUP) {
    if (j != own) { highest = max(highest, r[row * params.size + j]); }
  }
  partial[local] = highest;
  workgroupBarrier();
  for (var half = WORKGROUP / 2; half > 0; half /= 2) {
    if (local < half) { partial[local] = max(partial[local], partial[local + half]); }
    workgroupBarrier();
  }
  if (given < params.rows) {
    for (var j = local; j < params.size; j += WORKGROUP) {
      let at = row * params.size + j;
      let weight = select(exp((r[at] - partial[0]) / gamma[0]), 1.0, j == own);
      w[at] = weight;
      s[at] *= weight;
    }
  }
}
