// y = f(a, b), element-wise, for operands of the same shape.
// One vec4 per iteration, PER_THREAD consecutive vec4s per invocation; the last may reach into the buffer's padding.
//#include pointwise/lib/binary.wgsl
const OP: u32 = 0; // @tunable one of the operations above
const WORKGROUP: u32 = 64;
const PER_THREAD: u32 = 1; // @tunable

struct Params { vec4s: u32, slope: f32 }

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let first = flat_index(group, groups, local, WORKGROUP) * PER_THREAD;
  let end = min(first + PER_THREAD, params.vec4s);
  for (var at = first; at < end; at++) { y[at] = f(OP, a[at], b[at], params.slope); }
}
