// y[o, j, i] = x[o, ids[o, j, i], i] along one axis: x [outer, n, inner], y [outer, m, inner]; ids have a stride along
// each of y's axes, 0 where they broadcast. One element per invocation; elements of any type are copied as bits.
//#include gather/lib/along_axis.wgsl

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = flat_index(group, groups, local, WORKGROUP);
  if (at >= params.outer * params.m * params.inner) { return; }
  let i = at % params.inner;
  let row = at / params.inner;
  let j = row % params.m;
  let o = row / params.m;
  y[at] = x[(o * params.n + id_at(o, j, i)) * params.inner + i];
}
