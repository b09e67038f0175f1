// Functions in forms that are accurate on every driver: tanh overflows to NaN on several drivers, exp(x) / (1 + exp(x))
// is NaN for large x, and log(1 + exp(x)) loses all digits for small exp(x).

fn safe_tanh(x: vec4f) -> vec4f {
  let a = min(abs(x), vec4f(15.0));
  // Below 0.6 the quotient of exponentials cancels; Lambert's continued fraction, cut after seven terms, is exact to
  // f32 there.
  let s = a * a;
  let upper = 135135.0 + s * (17325.0 + s * (378.0 + s));
  let lower = 135135.0 + s * (62370.0 + s * (3150.0 + s * 28.0));
  let fraction = a * upper / lower;
  let quotient = 1.0 - 2.0 / (exp(2.0 * a) + 1.0);
  return sign(x) * select(quotient, fraction, a < vec4f(0.6));
}

fn safe_sigmoid(x: vec4f) -> vec4f {
  let e = exp(-abs(x));
  return select(e, vec4f(1.0), x >= vec4f(0.0)) / (1.0 + e);
}

// log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)); for small e, log1p(e) is e - e^2/2 + e^3/3 - e^4/4.
fn softplus(x: vec4f) -> vec4f {
  let e = exp(-abs(x));
  let series = e * (1.0 - e * (0.5 - e * (0.33333334 - e * 0.25)));
  return max(x, vec4f(0.0)) + select(log(1.0 + e), series, e < vec4f(0.02));
}
