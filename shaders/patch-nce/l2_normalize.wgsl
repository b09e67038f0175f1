// y = x / (|x| + eps) row by row (docs/method.md section 2.4): the epsilon is added to the norm, not inside the root.
// x, y [rows, size], norms [rows] = |x| + eps. One workgroup per row.
//#include patch-nce/lib/unit_rows.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> norms: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let row = flat_index(group, groups, 0, 1);
  let start = row * params.size;
  var sum = 0.0;
  for (var i = local; i < params.size; i += WORKGROUP) { sum += x[start + i] * x[start + i]; }
  partial[local] = sum;
  sum_partials(local);
  let norm = sqrt(partial[0]) + params.eps;
  // A folded grid may hold too many workgroups.
  if (row < params.rows) {
    for (var i = local; i < params.size; i += WORKGROUP) { y[start + i] = x[start + i] / norm; }
    if (local == 0) { norms[row] = norm; }
  }
}
