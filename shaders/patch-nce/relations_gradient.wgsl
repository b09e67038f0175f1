// The gradient of the divergences by the products t (see patch-nce/lib/relations.wgsl). t is symmetric, so those by
// t_ij and t_ji are added, and dt [count, size] times the rows is the gradient of the rows:
//   dt_ij = g_ij + g_ji, with g_ij = dy_i P_ij (log(P_ij / M_ij) / 2 - sum over j of P_ij log(P_ij / M_ij) / 2)
// dy and statistics as in relations.wgsl. Grid as in lib/row_part.wgsl.
@group(0) @binding(0) var<storage, read> t: array<f32>;
@group(0) @binding(1) var<storage, read> r: array<f32>;
@group(0) @binding(2) var<storage, read> statistics: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dt: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

//#include lib/row_part.wgsl
//#include patch-nce/lib/relations.wgsl

fn gradient_in(row: u32, products: vec2f) -> f32 {
  let of_row = statistics[row];
  let logs = products - of_row.xy;
  return dy[params.losses + row] * exp(logs.x) * (half_ratios(logs).x - of_row.z);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let part = row_part(group, groups, local, params.size);
  if (part.row >= params.count) { return; }
  for (var j = part.first; j < part.end; j++) {
    let at = part.row * params.size + j;
    let products = vec2f(t[at], r[at]);
    dt[at] = gradient_in(params.first + part.row, products) + gradient_in(j, products);
  }
}
