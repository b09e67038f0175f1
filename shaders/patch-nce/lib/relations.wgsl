// Shared by both kernels of SRC (docs/method.md section 3): t and r [count, size] are the products of `count` rows,
// from row `first` on, with all `size` rows, of queries (t) and of keys (r). Rows have length 1, so exponentials of
// products do not overflow. P and R are the softmaxes of the rows of t and r, M = (P + R) / 2.
struct Params { count: u32, size: u32, first: u32, losses: u32 }

// log(P / M) / 2 and log(R / M) / 2, from the logarithms of P and R.
fn half_ratios(logs: vec2f) -> vec2f {
  let d = (logs.y - logs.x) / 2.0;
  let x = abs(d);
  // log(cosh(d)); by a series where the difference would cancel.
  let series = d * d * (0.5 - d * d * (0.083333336 - d * d * 0.022222223));
  let curve = select(x + log(0.5 + 0.5 * exp(-2.0 * x)), series, x < 0.2);
  return 0.5 * vec2f(-d - curve, d - curve);
}
