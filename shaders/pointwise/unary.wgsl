// y = f(x), element-wise: functions that WGSL itself computes well. a and b are parameters of f.
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
const OP: u32 = 0; // @tunable one of the operations above

//#include pointwise/lib/each.wgsl

fn f(v: vec4f) -> vec4f {
  if (OP == RELU) { return select(params.a * v, v, v > vec4f(0.0)); }
  if (OP == SQUARE) { return v * v; }
  if (OP == SQRT) { return sqrt(v); }
  if (OP == EXP) { return exp(v); }
  if (OP == LOG) { return log(v); }
  if (OP == ABS) { return abs(v); }
  if (OP == SIGN) { return sign(v); }
  if (OP == RECIPROCAL) { return 1.0 / v; }
  if (OP == RSQRT) { return 1.0 / sqrt(v); }
  if (OP == CLAMP) { return clamp(v, vec4f(params.a), vec4f(params.b)); }
  if (OP == IN_RANGE) { return select(vec4f(0.0), vec4f(1.0), (v >= vec4f(params.a)) & (v <= vec4f(params.b))); }
  // SCALE
  return params.a * v + params.b;
}
