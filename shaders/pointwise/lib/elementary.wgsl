// Functions of one number whose accuracy WGSL or drivers do not guarantee: three digits of sin and cos, nothing for pow
// of negative x; WGSL has no error function.
const TANH: u32 = 0; // @op
const SIGMOID: u32 = 1; // @op
const SOFTPLUS: u32 = 2; // @op
const SIN: u32 = 3; // @op
const COS: u32 = 4; // @op
const ERF: u32 = 5; // @op
const POW: u32 = 6; // @op x to the power of a; b is 0 if a is not an integer, 1 if it is even, 2 if it is odd
const GELU: u32 = 7; // @op
const GELU_DERIVATIVE: u32 = 8; // @op

//#include lib/math.wgsl

// sin(x), or with quarter = 1 cos(x): x minus the nearest multiple of pi/2, in three parts whose products with small
// integers are exact (Cody and Waite), then the Taylor series of that quadrant. Accurate to f32 up to |x| of a few
// thousand.
fn sine(x: vec4f, quarter: f32) -> vec4f {
  let k = round(x * 0.63661977);
  let r = ((x - k * 1.5703125) - k * 4.837513e-4) - k * 7.5497899e-8;
  let s = r * r;
  let odd = r * (1.0 - s * (0.16666667 - s * (8.3333333e-3 - s * (1.9841270e-4 - s * 2.7557319e-6))));
  let even = 1.0 - s * (0.5 - s * (4.1666667e-2 - s * (1.3888889e-3 - s * 2.4801587e-5)));
  let quadrant = k + quarter - 4.0 * floor((k + quarter) * 0.25);
  let value = select(odd, even, (quadrant == vec4f(1.0)) | (quadrant == vec4f(3.0)));
  return select(value, -value, quadrant >= vec4f(2.0));
}

// The error function by Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26 (to 1.5e-7), and near zero,
// where that cancels, by its Taylor series.
fn erf(x: vec4f) -> vec4f {
  let a = abs(x);
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let s = x * x;
  let series = x * (1.1283792 - s * (0.37612639 - s * (0.11283792 - s * (0.026866171 - s * 0.0052239776))));
  return select(sign(x) * (1.0 - sum * exp(-s)), series, a < vec4f(0.5));
}

// The probability that a standard normal variable is at most x.
fn normal(x: vec4f) -> vec4f { return 0.5 + 0.5 * erf(x * 0.70710678); }

// x to the power of p. parity 0: p is not an integer, and the result for negative x is NaN; 1: p is even; 2: p is odd.
fn power(x: vec4f, p: f32, parity: f32) -> vec4f {
  if (p == 0.0) { return vec4f(1.0); }
  // Of 0 drivers make other powers: lavapipe 0 of negative ones, SwiftShader 8e-20 of 0.5.
  let positive = select(pow(abs(x), vec4f(abs(p))), vec4f(), x == vec4f());
  let size = select(positive, 1.0 / positive, p < 0.0);
  if (parity == 1.0) { return size; }
  if (parity == 2.0) { return select(size, -size, x < vec4f(0.0)); }
  return select(size, sqrt(x), x < vec4f(0.0));
}

// a and b are parameters of POW.
fn f(op: u32, v: vec4f, a: f32, b: f32) -> vec4f {
  if (op == TANH) { return safe_tanh(v); }
  if (op == SIGMOID) { return safe_sigmoid(v); }
  if (op == SOFTPLUS) { return softplus(v); }
  if (op == SIN) { return sine(v, 0.0); }
  if (op == COS) { return sine(v, 1.0); }
  if (op == ERF) { return erf(v); }
  if (op == GELU) { return v * normal(v); }
  if (op == GELU_DERIVATIVE) { return normal(v) + v * 0.3989423 * exp(-0.5 * v * v); }
  // POW
  return power(v, a, b);
}
