// dx = (g - mean(g) - xhat * mean(g * xhat)) / deviation, with g and xhat as in instance_norm_gradient_sums, which
// computed the two means. dy, x, dx [planes, size]; statistics, sums [planes, 2]. Grid as in lib/row_part.wgsl.
struct Params { planes: u32, size: u32, slope: f32 }

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
@group(0) @binding(3) var<storage, read> sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

//#include lib/row_part.wgsl
//#include instance-norm/lib/derivative.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let part = row_part(group, groups, local, params.size);
  let plane = part.row;
  if (plane >= params.planes) { return; }
  let mean = statistics[plane * 2];
  let scale = statistics[plane * 2 + 1];
  let mean_g = sums[plane * 2];
  let mean_product = sums[plane * 2 + 1];
  for (var i = part.first; i < part.end; i++) {
    let at = plane * params.size + i;
    let normal = (x[at] - mean) * scale;
    let g = through_activation(dy[at], normal);
    dx[at] = (g - mean_g - normal * mean_product) * scale;
  }
}
