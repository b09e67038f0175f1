// Shared by both reduction kernels: the operation, and up to two reduced and two kept axes, each with its own stride in
// x; outputs are numbered along the kept axes. Maximum and minimum start from an element of x, which changes nothing.
const SUM: u32 = 0; // @op
const MAX: u32 = 1; // @op
const MIN: u32 = 2; // @op
const OP: u32 = 0; // @tunable one of the operations above

struct Params {
  outputs: u32, kept0: u32, kept0_stride: u32, kept1_stride: u32,
  inner: u32, inner_stride: u32, outer: u32, outer_stride: u32,
  factor: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl

fn combine(a: f32, b: f32) -> f32 {
  return select(select(a + b, min(a, b), OP == MIN), max(a, b), OP == MAX);
}

// Every `stride`-th element of the inner axis from `first` on, over all of the outer axis. Blocks of them are combined
// by themselves: a sum of millions would lose the digits of what is added to it.
fn reduced(output: u32, first: u32, stride: u32) -> f32 {
  let base = (output % params.kept0) * params.kept0_stride + (output / params.kept0) * params.kept1_stride;
  let neutral = select(x[base], 0.0, OP == SUM);
  var total = neutral;
  for (var j = 0u; j < params.outer; j++) {
    let row = base + j * params.outer_stride;
    for (var begin = first; begin < params.inner; begin += 1024 * stride) {
      let end = min(begin + 1024 * stride, params.inner);
      var part = neutral;
      for (var i = begin; i < end; i += stride) { part = combine(part, x[row + i * params.inner_stride]); }
      total = combine(total, part);
    }
  }
  return total;
}
