// Windows of kh x kw on the planes of an image, a stride apart, the first of them beginning in the padding:
// x [planes, height, width] -> y [planes, out_h, out_w], one element per window.
const WORKGROUP: u32 = 64;

struct Params {
  planes: i32, height: i32, width: i32, out_h: i32, out_w: i32,
  kh: i32, kw: i32, stride_h: i32, stride_w: i32, pad_h: i32, pad_w: i32,
}

//#include lib/index.wgsl
