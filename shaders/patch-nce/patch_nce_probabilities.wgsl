// One step of PatchNCE's gradient (see runPatchNceGradient in engine/operators/patch-nce/loss.ts): turns a block of
// similarities into the weights with which its keys enter the queries' gradient. All negatives together have the
// probability share[i] = 1 - exp(-loss[i]), which is also what the positive's lacks of 1:
//   p[i, j] = share[i] * (j is i's own key ? -1 : exp((s[i, j] - negatives[i]) / tau)) * dloss[i] / tau
// The diagonal of the negatives is masked, so in its place stands the positive's own gradient. DECOUPLED, as in hDCE,
// the share is 1, and p is times w [rows, keys], the factors that are in s.
// s and p [rows, keys], the keys being begin, begin + 1, ... of the row's group. Grid as in lib/row_part.wgsl.
const DECOUPLED: bool = false; // @tunable

struct Params { rows: u32, keys: u32, begin: u32, group_size: u32, tau: f32 }

@group(0) @binding(0) var<storage, read> s: array<f32>;
@group(0) @binding(1) var<storage, read> negatives: array<f32>;
@group(0) @binding(2) var<storage, read> loss: array<f32>;
@group(0) @binding(3) var<storage, read> dloss: array<f32>;
@group(0) @binding(4) var<storage, read> w: array<f32>;
@group(0) @binding(5) var<storage, read_write> p: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

//#include lib/row_part.wgsl

// 1 - exp(-x) for x >= 0; below 0.1 the difference would cancel.
fn share_of(x: f32) -> f32 {
  let series = x * (1.0 - x * (0.5 - x * (0.16666667 - x * (0.041666668 - x * 0.008333334))));
  return select(1.0 - exp(-x), series, x < 0.1);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let part = row_part(group, groups, local, params.keys);
  let row = part.row;
  if (row >= params.rows) { return; }
  let own = row % params.group_size;
  let log_sum = negatives[row];
  let factor = select(share_of(loss[row]), 1.0, DECOUPLED) * dloss[row] / params.tau;
  for (var j = part.first; j < part.end; j++) {
    let at = row * params.keys + j;
    p[at] = select(exp((s[at] - log_sum) / params.tau), -1.0, params.begin + j == own) * factor;
    if (DECOUPLED) { p[at] *= w[at]; }
  }
}
