// One step of PatchNCE's gradient (see runPatchNceGradient in engine/operators/patch-nce/loss.ts): turns a block of
// similarities s into the gradient p by them, the weights of its keys in the queries' gradient. All negatives together
// have the probability n[i] = 1 - exp(-loss[i]), and the positive has 1 - n[i]:
//   p[i, j] = n[i] * (j is i's positive ? -1 : exp((s[i, j] - lse[i]) / tau)) * dloss[i] / tau
// The diagonal of the negatives is masked and has no gradient, so its place holds the positive's. DECOUPLED, n is 1 and
// p is multiplied by w [rows, keys], the weights that s was multiplied by.
// s and p [rows, keys], the keys being begin, begin + 1, ... of the row's group. Grid as in lib/row_part.wgsl.
const DECOUPLED: bool = false; // @tunable whether the losses are hDCE's

struct Params { rows: u32, keys: u32, begin: u32, group_size: u32, tau: f32 }

@group(0) @binding(0) var<storage, read> s: array<f32>;
@group(0) @binding(1) var<storage, read> lse: array<f32>;
@group(0) @binding(2) var<storage, read> loss: array<f32>;
@group(0) @binding(3) var<storage, read> dloss: array<f32>;
@group(0) @binding(4) var<storage, read> w: array<f32>;
@group(0) @binding(5) var<storage, read_write> p: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

//#include lib/row_part.wgsl

// 1 - exp(-x) for x >= 0; below 0.1 the difference would cancel.
fn one_minus_exp(x: f32) -> f32 {
  let series = x * (1.0 - x * (0.5 - x * (0.16666667 - x * (0.041666668 - x * 0.008333334))));
  return select(1.0 - exp(-x), series, x < 0.1);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let part = row_part(group, groups, local, params.keys);
  let row = part.row;
  if (row >= params.rows) { return; }
  let diagonal = row % params.group_size;
  let log_sum = lse[row];
  let factor = select(one_minus_exp(loss[row]), 1.0, DECOUPLED) * dloss[row] / params.tau;
  for (var j = part.first; j < part.end; j++) {
    let at = row * params.keys + j;
    p[at] = select(exp((s[at] - log_sum) / params.tau), -1.0, params.begin + j == diagonal) * factor;
    if (DECOUPLED) { p[at] *= w[at]; }
  }
}
