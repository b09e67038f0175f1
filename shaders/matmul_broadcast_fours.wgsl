// The product of matmul_broadcast.wgsl where all goes by fours: k and n are multiples of 4, a lies along k, c along k or n, and
// all other strides are multiples of 4. Strides count single elements, as there.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
const ALONG_K: bool = false; // @tunable c lies along k, not along n
// With fewer than 8 lanes every lane holds the elements of two rows.
const HIGH: u32 = min(LANES / 8u, 1u) * 4u;

//#include lib/matmul.wgsl

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> c: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

fn a_four(row: u32, k: u32) -> vec4f { return a[(row + k) / 4]; }

fn c_block(columns: vec4u, k: u32) -> mat4x4f {
  if (ALONG_K) {
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

//#include lib/matmul_broadcast.wgsl
