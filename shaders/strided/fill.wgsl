// y = value everywhere, given by its bits, so that it may be f32 or i32. One vec4 per invocation.
const WORKGROUP: u32 = 64;

struct Params { vec4s: u32, value: u32 }

@group(0) @binding(0) var<storage, read_write> y: array<vec4u>;
@group(0) @binding(1) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = flat_index(group, groups, local, WORKGROUP);
  if (at < params.vec4s) { y[at] = vec4u(params.value); }
}
