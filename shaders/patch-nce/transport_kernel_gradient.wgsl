// Adds to p [groups * n, n], the gradient by similarities, the part through MoNCE's transport plan:
//   p_ij += factor (dlog_t_ij - K_ij products_ij) for j != i
// dlog_t is the gradient by the logarithm of the plan, -K_ij products_ij that by the logarithm of K through all
// scalings, both [groups, side, side] (see runSinkhornGradient in engine/operators/patch-nce/monce.ts); `factor` is 1 /
// eps, or -1 / eps where K is EASY. Grid as in lib/row_part.wgsl.
struct Params { rows: u32, n: u32, side: u32, factor: f32 }

@group(0) @binding(0) var<storage, read> dlog_t: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> products: array<f32>;
@group(0) @binding(3) var<storage, read_write> p: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

//#include lib/row_part.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let part = row_part(group, groups, local, params.n);
  if (part.row >= params.rows) { return; }
  let g = part.row / params.n;
  let i = part.row % params.n;
  let row = (g * params.side + i) * params.side;
  let in_k = (g * 2 * params.side + i) * params.side;
  for (var j = part.first; j < part.end; j++) {
    let gradient = dlog_t[row + j] - k[in_k + j] * products[row + j];
    p[part.row * params.n + j] += params.factor * select(gradient, 0.0, i == j);
  }
}
