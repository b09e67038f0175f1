// y = f(x), element-wise: functions whose accuracy WGSL or drivers do not guarantee. Separate from unary.wgsl, so that
// apps that need none of them do not load their text.
const TANH: u32 = 0; // @op
const SIGMOID: u32 = 1; // @op
const SOFTPLUS: u32 = 2; // @op
const SIN: u32 = 3; // @op
const COS: u32 = 4; // @op
const ERF: u32 = 5; // @op
const POW: u32 = 6; // @op x to the power of a; b is 0 if a is not an integer, 1 if it is even, 2 if it is odd
const GELU: u32 = 7; // @op
const GELU_DERIVATIVE: u32 = 8; // @op
const OP: u32 = 0; // @tunable one of the operations above

//#include pointwise/lib/each.wgsl
//#include lib/math.wgsl
//#include pointwise/lib/elementary.wgsl

fn f(v: vec4f) -> vec4f {
  if (OP == TANH) { return safe_tanh(v); }
  if (OP == SIGMOID) { return safe_sigmoid(v); }
  if (OP == SOFTPLUS) { return softplus(v); }
  if (OP == SIN) { return sine(v, 0.0); }
  if (OP == COS) { return sine(v, 1.0); }
  if (OP == ERF) { return erf(v); }
  if (OP == GELU) { return v * normal(v); }
  if (OP == GELU_DERIVATIVE) { return normal(v) + v * 0.3989423 * exp(-0.5 * v * v); }
  // POW
  return power(v, params.a, params.b);
}
