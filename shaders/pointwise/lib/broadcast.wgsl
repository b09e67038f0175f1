// y = f(a, b) for operands that broadcast: the output has up to four axes (n3 slowest), and each operand has a stride
// along each, 0 where it broadcasts. An invocation computes PER_THREAD neighbours along the fastest axis, since integer
// division is slow. The file that includes this defines Element.
//#include pointwise/lib/arithmetic.wgsl
const OP: u32 = 0; // @tunable one of the operations above
const WORKGROUP: u32 = 64;
const PER_THREAD: u32 = 1; // @tunable

struct Params {
  rows: u32, n0: u32, n1: u32, n2: u32,
  a0: u32, a1: u32, a2: u32, a3: u32,
  b0: u32, b1: u32, b2: u32, b3: u32,
}

@group(0) @binding(0) var<storage, read> a: array<Element>;
@group(0) @binding(1) var<storage, read> b: array<Element>;
@group(0) @binding(2) var<storage, read_write> y: array<Element>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/index.wgsl

fn f(u: Element, v: Element) -> Element {
  if (OP == ADD) { return u + v; }
  if (OP == SUB) { return u - v; }
  if (OP == MUL) { return u * v; }
  if (OP == DIV) { return u / v; }
  if (OP == MAXIMUM) { return max(u, v); }
  if (OP == MINIMUM) { return min(u, v); }
  if (OP == GREATER) { return Element(u > v); }
  if (OP == EQUAL) { return Element(u == v); }
  // MASK
  return select(Element(), u, v != Element());
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let runs = (params.n0 + PER_THREAD - 1) / PER_THREAD;
  let at = flat_index(group, groups, local, WORKGROUP);
  let row = at / runs;
  if (row >= params.rows) { return; }
  let plane = row / params.n1;
  let i1 = row % params.n1;
  let i2 = plane % params.n2;
  let i3 = plane / params.n2;
  let from_a = i1 * params.a1 + i2 * params.a2 + i3 * params.a3;
  let from_b = i1 * params.b1 + i2 * params.b2 + i3 * params.b3;
  var i = at % runs * PER_THREAD;
  let end = min(i + PER_THREAD, params.n0);
  for (; i < end; i++) {
    y[row * params.n0 + i] = f(a[from_a + i * params.a0], b[from_b + i * params.b0]);
  }
}
