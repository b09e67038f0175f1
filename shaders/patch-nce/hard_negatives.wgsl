// hDCE's weights w of negatives (docs/method.md section 3), from the similarities r of each row's positive with all
// keys of its group, and the similarities s of queries and keys, weighted in place; r, s, w [rows, size], gamma [1]:
//   w_ij = exp((r_ij - max over j' != i of r_ij') / gamma);  w_ii = 1;  s_ij becomes w_ij s_ij
// One workgroup per row. Grid: rows, flat.
const WORKGROUP: u32 = 64; // @tunable a power of two
// Takes the place of the diagonal of r in the maximum.
const DIAGONAL_MASK: f32 = -10.0;

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
  let index = flat_index(group, groups, 0, 1);
  // A folded grid may hold too many rows: they repeat the last one and store nothing.
  let row = min(index, params.rows - 1);
  let diagonal = row % params.size;
  var highest = DIAGONAL_MASK;
  for (var j = local; j < params.size; j += WORKGROUP) {
    if (j != diagonal) { highest = max(highest, r[row * params.size + j]); }
  }
  partial[local] = highest;
  workgroupBarrier();
  for (var half = WORKGROUP / 2; half > 0; half /= 2) {
    if (local < half) { partial[local] = max(partial[local], partial[local + half]); }
    workgroupBarrier();
  }
  if (index < params.rows) {
    for (var j = local; j < params.size; j += WORKGROUP) {
      let at = row * params.size + j;
      let weight = select(exp((r[at] - partial[0]) / gamma[0]), 1.0, j == diagonal);
      w[at] = weight;
      s[at] *= weight;
    }
  }
}
