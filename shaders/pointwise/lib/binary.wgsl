// Functions of two numbers.
//#include pointwise/lib/arithmetic.wgsl
const RELU_GRADIENT: u32 = 9; // @op u where v > 0, else slope * u

fn f(op: u32, u: vec4f, v: vec4f, slope: f32) -> vec4f {
  if (op == ADD) { return u + v; }
  if (op == SUB) { return u - v; }
  if (op == MUL) { return u * v; }
  if (op == DIV) { return u / v; }
  if (op == MAXIMUM) { return max(u, v); }
  if (op == MINIMUM) { return min(u, v); }
  if (op == GREATER) { return vec4f(u > v); }
  if (op == EQUAL) { return vec4f(u == v); }
  if (op == MASK) { return select(vec4f(), u, v != vec4f()); }
  // RELU_GRADIENT
  return select(slope * u, u, v > vec4f());
}
