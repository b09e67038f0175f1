// Matrix product for adapters that are a CPU: from registers, without workgroup memory or barriers.
// A workgroup is one subgroup. It makes 8 rows of LANES * 4 columns: every lane owns four neighbouring columns, holds
// elements of one of the rows, and lane r's are broadcast to all. Four products are summed before they join the total: the
// totals stay out of the inner loop, and chains of additions are short, so they round less.
// This one takes any strides and sizes; matmul_broadcast_vec4.wgsl is faster where it applies.
// Grid: x = groups of columns, y = blocks of 8 rows, z = batch.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
// With fewer than 8 lanes every lane holds the elements of two rows.
const HIGH: u32 = min(LANES / 8u, 1u) * 4u;

//#include matmul/lib/params.wgsl

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> c: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn a_four(row: u32, k: u32) -> vec4f {
  let at = row + vec4u(k, k + 1, k + 2, k + 3) * params.a_k;
  let four = vec4f(a[at.x], a[at.y], a[at.z], a[at.w]);
  return select(vec4f(), four, vec4u(k, k + 1, k + 2, k + 3) < vec4u(params.k));
}

// Columns beyond the last may read anything: they are not stored.
fn c_block(columns: vec4u, k: u32) -> mat4x4f {
  let a = columns + k * params.c_k;
  let b = columns + min(k + 1, params.k - 1) * params.c_k;
  let d = columns + min(k + 2, params.k - 1) * params.c_k;
  let e = columns + min(k + 3, params.k - 1) * params.c_k;
  return mat4x4f(
    vec4f(c[a.x], c[a.y], c[a.z], c[a.w]), vec4f(c[b.x], c[b.y], c[b.z], c[b.w]),
    vec4f(c[d.x], c[d.y], c[d.z], c[d.w]), vec4f(c[e.x], c[e.y], c[e.z], c[e.w]),
  );
}

fn store_four(first: u32, n0: u32, four: vec4f) {
  var rest = four;
  let end = min(n0 + 4, params.n);
  for (var n = n0; n < end; n++) {
    let at = first + n - n0;
    if (params.accumulate == 1) { rest.x += y[at]; }
    y[at] = rest.x;
    rest = rest.yzwx;
  }
}

//#include matmul/lib/matmul_broadcast.wgsl
