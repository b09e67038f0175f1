// Instance norm's kernels walk a plane several times, one workgroup to a plane: the first walk sums, the last one
// writes, and those after the first find the plane in a cache. The kernel says what they move, by lib/scalars.wgsl or
// lib/vec4s.wgsl:
//   alias Element                  f32, or vec4f where planes are whole vec4s
//   sum_of(v: Element) -> f32      the sum of its components
const WORKGROUP: u32 = 256; // @tunable a power of two
// Elements that an invocation asks for before it uses the first, so that memory's latency is paid once for all.
const AHEAD: u32 = 4; // @tunable
// Elements that are summed by themselves: of a large plane an invocation would else add tens of thousands of numbers to
// one float32, whose rounding they would feel.
const SPAN: u32 = WORKGROUP * AHEAD * 1024;
const SLOPED: bool = false; // @tunable whether there is an activation, which multiplies negative values by `slope`

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

// The gradient's g at a normalised value: dy times the derivative of the activation there. At dy = normal, it is the
// activation itself.
fn through_activation(dy: Element, normal: Element) -> Element {
  return select(dy, select(params.slope * dy, dy, normal > Element()), SLOPED);
}
