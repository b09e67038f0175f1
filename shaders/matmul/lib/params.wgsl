// The geometry all matrix products share:
//   y[z, m, n] = f(bias[n] + sum over k of a[z, m, k] * b[z, k, n])
// where a and b have any strides (a transpose swaps two of them; b may begin at an offset), y is contiguous, and f is
// ReLU if `relu` is 1. If `gated` is 1, the bias binding holds a mask [batch, m, n] instead, and the product is
// multiplied by `slope` where the mask is not positive. If `accumulate` is 1 the product is added to y.
struct Params {
  batch: u32, m: u32, n: u32, k: u32,
  a_batch: u32, a_m: u32, a_k: u32,
  b_base: u32, b_batch: u32, b_k: u32, b_n: u32,
  has_bias: u32, relu: u32, accumulate: u32, gated: u32, slope: f32,
}
