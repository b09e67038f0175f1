// y = f(x), element by element, with two parameters a and b where f has them.
// One vec4 per iteration, PER_THREAD consecutive vec4s per invocation; the last may reach into the buffer's padding.
const RELU: u32 = 0; // @op x where x > 0, else a * x
const TANH: u32 = 1; // @op
const SIGMOID: u32 = 2; // @op
const SOFTPLUS: u32 = 3; // @op
const SQUARE: u32 = 4; // @op
const SQRT: u32 = 5; // @op
const SCALE: u32 = 6; // @op a * x + b
const EXP: u32 = 7; // @op
const LOG: u32 = 8; // @op
const SIN: u32 = 9; // @op
const COS: u32 = 10; // @op
const ABS: u32 = 11; // @op
const SIGN: u32 = 12; // @op
const RECIPROCAL: u32 = 13; // @op
const RSQRT: u32 = 14; // @op
const ERF: u32 = 15; // @op
const POW: u32 = 16; // @op x to the power of a; b is 0 for a broken a, 1 for an even and 2 for an odd one
const CLAMP: u32 = 17; // @op x, but at least a and at most b
const INSIDE: u32 = 18; // @op 1 where a <= x <= b, else 0
const OP: u32 = 0; // @tunable one of the operations above
const WORKGROUP: u32 = 64; // @tunable
const PER_THREAD: u32 = 1; // @tunable

struct Params { vec4s: u32, a: f32, b: f32 }

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl
//#include lib/math.wgsl
//#include pointwise/lib/elementary.wgsl

fn f(v: vec4f) -> vec4f {
  if (OP == RELU) { return select(params.a * v, v, v > vec4f(0.0)); }
  if (OP == TANH) { return safe_tanh(v); }
  if (OP == SIGMOID) { return safe_sigmoid(v); }
  if (OP == SOFTPLUS) { return softplus(v); }
  if (OP == SQUARE) { return v * v; }
  if (OP == SQRT) { return sqrt(v); }
  if (OP == EXP) { return exp(v); }
  if (OP == LOG) { return log(v); }
  if (OP == SIN) { return sine(v, 0.0); }
  if (OP == COS) { return sine(v, 1.0); }
  if (OP == ABS) { return abs(v); }
  if (OP == SIGN) { return sign(v); }
  if (OP == RECIPROCAL) { return 1.0 / v; }
  if (OP == RSQRT) { return 1.0 / sqrt(v); }
  if (OP == ERF) { return erf(v); }
  if (OP == POW) { return power(v, params.a, params.b); }
  if (OP == CLAMP) { return clamp(v, vec4f(params.a), vec4f(params.b)); }
  if (OP == INSIDE) { return select(vec4f(0.0), vec4f(1.0), (v >= vec4f(params.a)) & (v <= vec4f(params.b))); }
  // SCALE
  return params.a * v + params.b;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let first = flat_index(group, groups, local, WORKGROUP) * PER_THREAD;
  let end = min(first + PER_THREAD, params.vec4s);
  for (var at = first; at < end; at++) { y[at] = f(x[at]); }
}
