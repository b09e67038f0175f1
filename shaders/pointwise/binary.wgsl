// y = f(a, b), element-wise, for operands of the same shape.
// One vec4 per iteration, PER_THREAD consecutive vec4s per invocation; the last may reach into the buffer's padding.
//#include pointwise/lib/arithmetic.wgsl
const RELU_GRADIENT: u32 = 9; // @op a where b > 0, else slope * a
const OP: u32 = 0; // @tunable one of the operations above
const WORKGROUP: u32 = 64; // @tunable
const PER_THREAD: u32 = 1; // @tunable

struct Params { vec4s: u32, slope: f32 }

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/index.wgsl

fn f(u: vec4f, v: vec4f) -> vec4f {
  if (OP == ADD) { return u + v; }
  if (OP == SUB) { return u - v; }
  if (OP == MUL) { return u * v; }
  if (OP == DIV) { return u / v; }
  if (OP == MAXIMUM) { return max(u, v); }
  if (OP == MINIMUM) { return min(u, v); }
  if (OP == GREATER) { return select(vec4f(0.0), vec4f(1.0), u > v); }
  if (OP == EQUAL) { return select(vec4f(0.0), vec4f(1.0), u == v); }
  if (OP == MASK) { return select(vec4f(0.0), u, v != vec4f(0.0)); }
  // RELU_GRADIENT
  return select(params.slope * u, u, v > vec4f(0.0));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let first = flat_index(group, groups, local, WORKGROUP) * PER_THREAD;
  let end = min(first + PER_THREAD, params.vec4s);
  for (var at = first; at < end; at++) { y[at] = f(a[at], b[at]); }
}
