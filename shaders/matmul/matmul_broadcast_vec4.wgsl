// The product of matmul_broadcast.wgsl where c and y go by fours: k and n are multiples of 4, c lies along k or n, and its other
// strides are multiples of 4. Strides count single elements, as there.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
const A_ALONG_K: bool = true; // @tunable a lies along k, and its other strides are multiples of 4; else along m, at any strides
const C_ALONG_K: bool = false; // @tunable c lies along k, not along n
// With fewer than 8 lanes every lane holds the elements of two rows.
const HIGH: u32 = min(LANES / 8u, 1u) * 4u;

//#include matmul/lib/params.wgsl

@group(0) @binding(0) var<storage, read> a: array<f32>;
// The same buffer as a.
@group(0) @binding(1) var<storage, read> a_fours: array<vec4f>;
@group(0) @binding(2) var<storage, read> c: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

// Lanes hold rows: along m one element of each is a load of neighbours, along k four of one are.
fn a_four(row: u32, k: u32) -> vec4f {
  if (A_ALONG_K) { return a_fours[(row + k) / 4]; }
  let at = row + k * params.a_k;
  return vec4f(a[at], a[at + params.a_k], a[at + 2 * params.a_k], a[at + 3 * params.a_k]);
}

fn c_block(columns: vec4u, k: u32) -> mat4x4f {
  if (C_ALONG_K) {
    let at = (columns + k) / 4;
    return transpose(mat4x4f(c[at.x], c[at.y], c[at.z], c[at.w]));
  }
  let at = (columns.x + k * params.c_k) / 4;
  let step = params.c_k / 4;
  return mat4x4f(c[at], c[at + step], c[at + 2 * step], c[at + 3 * step]);
}

fn store_four(first: u32, n0: u32, four: vec4f) {
  var sum = four;
  if (params.accumulate == 1) { sum += y[first / 4]; }
  y[first / 4] = sum;
}

//#include matmul/lib/matmul_broadcast.wgsl
