// Functions of one number that WGSL itself computes well; a and b are their parameters.
const RELU: u32 = 0; // @op x where x > 0, else a * x
const SQUARE: u32 = 1; // @op
const SQRT: u32 = 2; // @op
const SCALE: u32 = 3; // @op a * x + b
const EXP: u32 = 4; // @op
const LOG: u32 = 5; // @op
const ABS: u32 = 6; // @op
const SIGN: u32 = 7; // @op
const RECIPROCAL: u32 = 8; // @op
const RSQRT: u32 = 9; // @op
const CLAMP: u32 = 10; // @op x limited to [a, b]
const IN_RANGE: u32 = 11; // @op 1 where a <= x <= b, else 0

fn f(op: u32, v: vec4f, a: f32, b: f32) -> vec4f {
  if (op == RELU) { return select(a * v, v, v > vec4f()); }
  if (op == SQUARE) { return v * v; }
  if (op == SQRT) { return sqrt(v); }
  if (op == EXP) { return exp(v); }
  if (op == LOG) { return log(v); }
  if (op == ABS) { return abs(v); }
  if (op == SIGN) { return sign(v); }
  if (op == RECIPROCAL) { return 1.0 / v; }
  if (op == RSQRT) { return 1.0 / sqrt(v); }
  if (op == CLAMP) { return clamp(v, vec4f(a), vec4f(b)); }
  if (op == IN_RANGE) { return vec4f((v >= vec4f(a)) & (v <= vec4f(b))); }
  // SCALE
  return a * v + b;
}
