// What both kernels of SRC share (docs/method.md section 3): t and r [count, size] are products of `count` rows, from
// row `first` on, with all `size` rows, those of queries and those of keys. Rows have length 1, so no exponential of a
// product overflows. P and R are the softmaxes of rows of t and r, M = (P + R) / 2.
struct Params { count: u32, size: u32, first: u32, losses: u32 }

// log(P / M) / 2 and log(R / M) / 2, from the logarithms of P and R.
fn half_ratios(logs: vec2f) -> vec2f {
  let d = (logs.y - logs.x) / 2.0;
  let x = abs(d);
  // log(cosh(d)), which would cancel where d is small.
  let series = d * d * (0.5 - d * d * (0.083333336 - d * d * 0.022222223));
  let curve = select(x + log(0.5 + 0.5 * exp(-2.0 * x)), series, x < 0.2);
  return 0.5 * vec2f(-d - curve, d - curve);
}
