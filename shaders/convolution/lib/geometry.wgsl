// The geometry all convolution kernels share. One formula serves the forward pass, the gradient of the input and the
// transposed convolution (one dispatch per phase of the stride):
//   y[n, m, oy * out_step + out_y, ox * out_step + out_x]
//     = bias[m] + sum over c, ty, tx of  w[w_base + m * w_m + c * w_c + ty * w_ty + tx * w_tx]
//                                      * x[n, c, oy * stride + ty - pad_y, ox * stride + tx - pad_x]
// where x outside its borders is zero, or mirrored without repeating the edge if `reflect` is 1. Tiled kernels may cut
// the sum over c into runs of `run` channels, whose sums lie one batch behind the other.
struct Params {
  batch: u32, in_channels: u32, in_height: u32, in_width: u32,
  out_channels: u32, rows: u32, columns: u32,
  out_height: u32, out_width: u32, out_step: u32, out_y: u32, out_x: u32,
  taps_y: u32, taps_x: u32, stride: u32, pad_y: i32, pad_x: i32, reflect: u32,
  w_base: i32, w_m: i32, w_c: i32, w_ty: i32, w_tx: i32, has_bias: u32, run: u32,
}

//#include convolution/lib/source.wgsl
