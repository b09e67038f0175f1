// y = x in another type: i32 to f32, f32 to i32 truncated towards zero, or between f32 and f16. One vec4 per
// invocation.
const TO_F32: u32 = 0; // @op
const TO_I32: u32 = 1; // @op
const FLOATS: u32 = 2; // @op
const OP: u32 = 0; // @tunable one of the operations above
const WORKGROUP: u32 = 64;

struct Params { vec4s: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4u>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl

fn f(v: vec4u) -> vec4u {
  if (OP == TO_I32) { return bitcast<vec4u>(vec4i(bitcast<vec4f>(v))); }
  if (OP == FLOATS) { return v; }
  return bitcast<vec4u>(vec4f(bitcast<vec4i>(v)));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = flat_index(group, groups, local, WORKGROUP);
  if (at < params.vec4s) { y[at] = f(x[at]); }
}
