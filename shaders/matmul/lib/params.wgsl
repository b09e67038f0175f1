// The geometry both matrix products share: y[b, m, n] = f(bias[n] + sum over k of a[b, m, k] * c[b, k, n]), where a and c have
// free strides (a transpose is a swap of two of them; c may begin at an offset), y is contiguous, and f is ReLU if `relu` is 1.
// If `accumulate` is 1 the product is added to what y holds.
struct Params {
  batch: u32, m: u32, n: u32, k: u32,
  a_batch: u32, a_m: u32, a_k: u32,
  c_base: u32, c_batch: u32, c_k: u32, c_n: u32,
  has_bias: u32, relu: u32, accumulate: u32,
}
