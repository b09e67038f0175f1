// The kernel matrix of MoNCE's transport plan (docs/method.md section 3), of similarities s [groups * n, n]:
//   K_ij = exp(s_ij / eps), or with EASY exp((1 - s_ij) / eps);  K_ii = exp(-10 / eps)
// k as in patch-nce/lib/transport.wgsl. Grid as in lib/row_part.wgsl, over rows of `side`.
const EASY: bool = false; // @tunable the option `cost` of MoNCE
// Takes the place of the similarity of the positive.
const DIAGONAL_MASK: f32 = -10.0;

struct Params { groups: u32, n: u32, side: u32, eps: f32 }

@group(0) @binding(0) var<storage, read> s: array<f32>;
@group(0) @binding(1) var<storage, read_write> k: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/row_part.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let side = params.side;
  let part = row_part(group, groups, local, side);
  let g = part.row / side;
  let i = part.row % side;
  if (g >= params.groups) { return; }
  for (var j = part.first; j < part.end; j++) {
    var value = 0.0;
    if (i < params.n && j < params.n) {
      let similarity = s[(g * params.n + i) * params.n + j];
      value = exp(select(select(similarity, 1.0 - similarity, EASY), DIAGONAL_MASK, i == j) / params.eps);
    }
    k[(g * 2 * side + i) * side + j] = value;
    k[(g * 2 * side + side + j) * side + i] = value;
  }
}
