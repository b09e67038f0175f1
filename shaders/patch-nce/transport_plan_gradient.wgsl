// The gradient of MoNCE's losses by the logarithm of the transport plan T, from their gradient p [groups * n, n] by the
// weighted similarities of transport_weights.wgsl:
//   dlog_t_ij = p_ij tau weight T_ij / (weight T_ij + 1e-8);  dlog_t_ii = 0
// dlog_t [groups, side, side], padded with 0; the rest as there. Grid as in lib/row_part.wgsl, over rows of `side`.
struct Params { groups: u32, n: u32, side: u32, rounds: u32, tau: f32, weight: f32 }

@group(0) @binding(0) var<storage, read> p: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> h: array<f32>;
@group(0) @binding(3) var<storage, read_write> dlog_t: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

//#include lib/row_part.wgsl
//#include patch-nce/lib/transport.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let side = params.side;
  let part = row_part(group, groups, local, side);
  let g = part.row / side;
  let i = part.row % side;
  if (g >= params.groups) { return; }
  let u = params.weight * h[last_u(g, params.rounds, side) + i];
  let v = last_v(g, params.rounds, side);
  for (var j = part.first; j < part.end; j++) {
    var gradient = 0.0;
    if (i < params.n && j < params.n && i != j) {
      let weight = u * k[(g * 2 * side + i) * side + j] * h[v + j];
      gradient = p[(g * params.n + i) * params.n + j] * params.tau * (weight / (weight + 1e-8));
    }
    dlog_t[part.row * side + j] = gradient;
  }
}
