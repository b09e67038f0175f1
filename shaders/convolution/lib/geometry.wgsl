// The geometry all convolution kernels share. One formula serves the forward pass, the gradient of the input and the
// transposed convolution (one dispatch per phase of the stride):
//   y[n, m, oy * out_step + out_y, ox * out_step + out_x]
//     = bias[m] + sum over c, ky, kx of  w[w_base + m * w_m + c * w_c + ky * w_ky + kx * w_kx]
//                                      * x[n, c, oy * stride + ky - pad_y, ox * stride + kx - pad_x]
// where x outside its borders is zero, or mirrored without repeating the edge if `reflect` is 1. Tiled kernels may
// split the sum over c (split-K); y then has one batch of partial sums after the other.
struct Params {
  batch: u32, in_channels: u32, in_height: u32, in_width: u32,
  out_channels: u32, rows: u32, columns: u32,
  out_height: u32, out_width: u32, out_step: u32, out_y: u32, out_x: u32,
  kh: u32, kw: u32, stride: u32, pad_y: i32, pad_x: i32, reflect: u32,
  w_base: i32, w_m: i32, w_c: i32, w_ky: i32, w_kx: i32, has_bias: u32, channels_per_split: u32,
}

//#include convolution/lib/source.wgsl
