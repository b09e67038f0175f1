// The product of matmul_broadcast.wgsl where b and y are accessed as vec4s: k and n are multiples of 4, b is contiguous
// along k or n, and its other strides are multiples of 4. Strides count single elements, and the grid is the same.
enable subgroups;

// Whether a is contiguous along k, its other strides multiples of 4; else along m, its other strides any.
const A_ALONG_K: bool = true; // @tunable
const B_ALONG_K: bool = false; // @tunable b is contiguous along k, not along n

//#include matmul/lib/params.wgsl

@group(0) @binding(0) var<storage, read> a: array<f32>;
// The same buffer as a.
@group(0) @binding(1) var<storage, read> a_vec4s: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

// Each lane holds a row: contiguous along m, lanes load neighbours; contiguous along k, a lane loads four at once.
fn a_vec4(row: u32, k: u32) -> vec4f {
  if (A_ALONG_K) { return a_vec4s[(row + k) / 4]; }
  let at = row + k * params.a_k;
  return vec4f(a[at], a[at + params.a_k], a[at + 2 * params.a_k], a[at + 3 * params.a_k]);
}

fn b_block(columns: vec4u, k: u32) -> mat4x4f {
  if (B_ALONG_K) {
    let at = (columns + k) / 4;
    return transpose(mat4x4f(b[at.x], b[at.y], b[at.z], b[at.w]));
  }
  let at = (columns.x + k * params.b_k) / 4;
  let step = params.b_k / 4;
  return mat4x4f(b[at], b[at + step], b[at + 2 * step], b[at + 3 * step]);
}

fn store_vec4(first: u32, n0: u32, v: vec4f) {
  var sum = v;
  if (params.accumulate == 1) { sum += y[first / 4]; }
  y[first / 4] = sum;
}

//#include matmul/lib/matmul_broadcast.wgsl
