// The product of matmul_tiled.wgsl where everything is accessed as vec4s: k and n are multiples of 4, a is contiguous
// along k, b along k or n, and all other strides are multiples of 4. Strides count single elements, as there.
// Grid: tiles, flat.
const B_ALONG_K: bool = false; // @tunable b is contiguous along k, not along n
const STRIDED: bool = false;
const A_TRANSPOSED: bool = true;
const B_TRANSPOSED: bool = B_ALONG_K;

//#include matmul/lib/params.wgsl

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

fn a_line(z: u32, place: PlaceA, j: u32, k: u32, end: u32) -> vec4f {
  let at = (place[j] + min(k, end - 4)) / 4;
  return select(vec4f(), a[at], k < end);
}

fn b_line(z: u32, place: PlaceB, j: u32, k: u32, end: u32) -> vec4f {
  let at = select(place.x + min(k, end - 1) * params.b_k, place[j] + min(k, end - 4), B_ALONG_K) / 4;
  return select(vec4f(), b[at], k < end);
}

fn store(z: u32, row: u32, columns: vec4u, place: vec4u, v: vec4f) {
  if (columns.x < params.n) {
    let at = (place.x + row * params.n) / 4;
    var sums = v;
    if (params.has_bias == 1) { sums += bias[columns.x / 4]; }
    if (params.relu == 1) { sums = max(sums, vec4f()); }
    if (params.accumulate == 1) { sums += y[at]; }
    y[at] = sums;
  }
}

//#include matmul/lib/matmul_tiled.wgsl
