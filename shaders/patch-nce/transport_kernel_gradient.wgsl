// Adds to p [groups * n, n], the gradient by similarities outside of MoNCE's transport plan, that through the plan:
//   p_ij += factor (slopes_ij - K_ij through_ij) for j != i
// slopes, through [groups, side, side], by the logarithms of the plan and of K's scalings (see runSinkhornGradient in
// engine/operators/patch-nce/monce.ts); `factor` is 1 / eps with K's sign. Grid as in lib/row_part.wgsl.
struct Params { rows: u32, n: u32, side: u32, factor: f32 }

@group(0) @binding(0) var<storage, read> slopes: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> through: array<f32>;
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
    let slope = slopes[row + j] - k[in_k + j] * through[row + j];
    p[part.row * params.n + j] += params.factor * select(slope, 0.0, i == j);
  }
}
