// Similarities s [groups * n, n] with the weights of MoNCE's negatives added (docs/method.md section 3):
//   y_ij = s_ij + tau log(weight T_ij + 1e-8), T_ij = u_i K_ij v_j;  y_ii = s_ii
// so exp(y_ij / tau) is the weighted negative, and PatchNCE of y is MoNCE; weight = (n - 1) * negTermWeight. k and h as
// in patch-nce/lib/transport.wgsl. Grid as in lib/row_part.wgsl.
struct Params { rows: u32, n: u32, side: u32, rounds: u32, tau: f32, weight: f32 }

@group(0) @binding(0) var<storage, read> s: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> h: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

//#include lib/row_part.wgsl
//#include patch-nce/lib/transport.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let part = row_part(group, groups, local, params.n);
  if (part.row >= params.rows) { return; }
  let g = part.row / params.n;
  let i = part.row % params.n;
  let u = params.weight * h[last_u(g, params.rounds, params.side) + i];
  let v = last_v(g, params.rounds, params.side);
  for (var j = part.first; j < part.end; j++) {
    let at = part.row * params.n + j;
    let weight = u * k[(g * 2 * params.side + i) * params.side + j] * h[v + j];
    y[at] = s[at] + select(params.tau * log(weight + 1e-8), 0.0, i == j);
  }
}
