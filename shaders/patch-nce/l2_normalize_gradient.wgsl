// dx = (dy - y (y . dy) (|x| + eps) / |x|) / (|x| + eps), row by row, from y and norms = |x| + eps of the forward pass;
// the second term is zero where x is. dy, y, dx [rows, size]. One workgroup per row.
//#include patch-nce/lib/unit_rows.wgsl

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> norms: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let row = flat_index(group, groups, 0, 1);
  let start = row * params.size;
  var sum = 0.0;
  for (var i = local; i < params.size; i += WORKGROUP) { sum += y[start + i] * dy[start + i]; }
  partial[local] = sum;
  sum_partials(local);
  let norm = norms[row];
  let length = norm - params.eps;
  var along = 0.0;
  if (length > 0.0) { along = partial[0] * (norm / length); }
  if (row < params.rows) {
    for (var i = local; i < params.size; i += WORKGROUP) {
      dx[start + i] = (dy[start + i] - y[start + i] * along) / norm;
    }
  }
}
