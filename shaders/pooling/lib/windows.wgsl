// Windows of kh x kw on the planes of an image, a stride apart, the first of them beginning in the padding:
// x [planes, height, width] -> y [planes, out_h, out_w], one element per window. An invocation computes PER_THREAD
// neighbours of a row, since integer division is slow.
const WORKGROUP: u32 = 64;
const PER_THREAD: i32 = 1; // @tunable

struct Params {
  planes: i32, height: i32, width: i32, out_h: i32, out_w: i32,
  kh: i32, kw: i32, stride_h: i32, stride_w: i32, pad_h: i32, pad_w: i32,
}

//#include lib/index.wgsl
