// y = x with every row of `width` elements reversed: x, y [rows, width]. One element per invocation.
const WORKGROUP: u32 = 64;

struct Params { size: u32, width: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = flat_index(group, groups, local, WORKGROUP);
  if (at >= params.size) { return; }
  let column = at % params.width;
  y[at] = x[at - column + params.width - 1 - column];
}
