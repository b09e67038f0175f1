// y = f(x), element by element, with two parameters a and b where f has them.
// One vec4 an iteration, PER_THREAD consecutive vec4s an invocation; the last vec4 may reach into the buffer's padding.
const OP: u32 = 0; // @tunable 0 relu/leakyRelu (slope a), 1 tanh, 2 sigmoid, 3 softplus, 4 square, 5 sqrt, 6 a*x + b
const WORKGROUP: u32 = 64; // @tunable
const PER_THREAD: u32 = 1; // @tunable

struct Params { quads: u32, a: f32, b: f32 }

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl
//#include lib/math.wgsl

fn f(v: vec4f) -> vec4f {
  if (OP == 0) { return select(params.a * v, v, v > vec4f(0.0)); }
  if (OP == 1) { return safe_tanh(v); }
  if (OP == 2) { return safe_sigmoid(v); }
  if (OP == 3) { return softplus(v); }
  if (OP == 4) { return v * v; }
  if (OP == 5) { return sqrt(v); }
  return params.a * v + params.b;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let first = flat_index(group, groups, local, WORKGROUP) * PER_THREAD;
  let end = min(first + PER_THREAD, params.quads);
  for (var at = first; at < end; at++) { y[at] = f(x[at]); }
}
