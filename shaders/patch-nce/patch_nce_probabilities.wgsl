// One step of PatchNCE's gradient (see runPatchNceGradient in engine/operators/patch-nce/loss.ts): turns a block of
// similarities into the weights with which its keys enter the queries' gradient:
//   p[i, j] = (exp(s[i, j] / tau - lse[i]) - [j is i's own key]) * dloss[i] / tau
// The diagonal of the negatives is masked, so in its place stands the positive's own gradient.
// s and p [rows, keys], the keys being begin, begin + 1, ... of the row's group. Grid as in lib/row_part.wgsl.
struct Params { rows: u32, keys: u32, begin: u32, group_size: u32, tau: f32 }

@group(0) @binding(0) var<storage, read> s: array<f32>;
@group(0) @binding(1) var<storage, read> lse: array<f32>;
@group(0) @binding(2) var<storage, read> dloss: array<f32>;
@group(0) @binding(3) var<storage, read_write> p: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

//#include lib/row_part.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = row_of(group);
  if (row >= params.rows) { return; }
  let own = row % params.group_size;
  let log_sum = lse[row];
  let factor = dloss[row] / params.tau;
  let part = row_part(group, local, params.keys);
  for (var j = part.first; j < part.end; j++) {
    let at = row * params.keys + j;
    let weight = exp(s[at] / params.tau - log_sum) - select(0.0, 1.0, params.begin + j == own);
    p[at] = weight * factor;
  }
}
