// Convolutions with groups, dilation, and strides and paddings of their own along both axes: x [batch, groups * in_c,
// height, width], w [groups * out_c, in_c, kh, kw], y [batch, groups * out_c, out_h, out_w].
const WORKGROUP: u32 = 64;

struct Params {
  batch: i32, groups: i32, in_c: i32, out_c: i32, height: i32, width: i32, out_h: i32, out_w: i32,
  kh: i32, kw: i32, stride_h: i32, stride_w: i32, pad_h: i32, pad_w: i32,
  dilation_h: i32, dilation_w: i32,
}

//#include lib/index.wgsl

// An element of a row of x whose elements are `step` columns apart, or zero outside of it and between them.
fn value_at(start: i32, column: i32, step: i32) -> f32 {
  let nearest = clamp(column / step, 0, params.width - 1);
  return select(0.0, x[start + nearest], nearest * step == column);
}
