// The adjoint of gather: x[o, ids[o, j, i], i] += y[o, j, i], added to what x holds; layouts as there. One invocation
// per line of x along the axis adds its elements one after the other, so that indices may repeat and the order of
// summation is fixed.
//#include gather/lib/along_axis.wgsl

@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let line = flat_index(group, groups, local, WORKGROUP);
  if (line >= params.outer * params.inner) { return; }
  let o = line / params.inner;
  let i = line - o * params.inner;
  for (var j = 0u; j < params.m; j++) {
    x[(o * params.n + id_at(o, j, i)) * params.inner + i] += y[(o * params.m + j) * params.inner + i];
  }
}
