// Instance norm's kernels read a plane several times, one workgroup per plane: the first pass sums, the last one
// writes, and those after the first find the plane in a cache. The kernel includes lib/scalars.wgsl or lib/vec4s.wgsl,
// which define:
//   alias Element                  f32, or vec4f where the size of planes is a multiple of 4
//   sum_of(v: Element) -> f32      the sum of its components
const WORKGROUP: u32 = 256; // @tunable a power of two
// Elements that an invocation loads before it uses the first, which hides the latency of memory.
const PER_THREAD: u32 = 4; // @tunable
// Elements that are summed on their own: in a large plane an invocation would otherwise add tens of thousands of
// numbers to one float32 and lose digits to rounding.
const SPAN: u32 = WORKGROUP * PER_THREAD * 1024;
const LEAKY: bool = false; // @tunable whether the activation is a leaky ReLU with `slope` (ReLU if 0), or none

var<workgroup> partial: array<vec2f, WORKGROUP>;

//#include lib/index.wgsl
//#include lib/pairwise_sum.wgsl

// The sum over the workgroup. The barrier keeps the last total from being overwritten while it is still read.
fn total(local: u32, own: vec2f) -> vec2f {
  workgroupBarrier();
  partial[local] = own;
  sum_partials(local);
  return partial[0];
}

// dy times the derivative of the activation at a normalised value; for dy = normal this is the activation itself.
fn through_activation(dy: Element, normal: Element) -> Element {
  return select(dy, select(params.slope * dy, dy, normal > Element()), LEAKY);
}
