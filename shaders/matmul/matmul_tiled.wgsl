// Matrix product for GPUs (see shaders/lib/tiled_gemm.wgsl), element by element for any strides.
// Grid: tiles, flat.
const STRIDED: bool = true;
const A_TRANSPOSED: bool = false;
const B_TRANSPOSED: bool = false;

//#include matmul/lib/params.wgsl

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn a_line(z: u32, place: PlaceA, j: u32, k: u32, end: u32) -> vec4f {
  let at = place + min(k, end - 1) * params.a_k;
  return select(vec4f(), vec4f(a[at.x], a[at.y], a[at.z], a[at.w]), k < end);
}

fn b_line(z: u32, place: PlaceB, j: u32, k: u32, end: u32) -> vec4f {
  let at = place + min(k, end - 1) * params.b_k;
  return select(vec4f(), vec4f(b[at.x], b[at.y], b[at.z], b[at.w]), k < end);
}

fn store(z: u32, row: u32, columns: vec4u, place: vec4u, v: vec4f) {
  for (var j = 0u; j < 4; j++) {
    let n = columns[j];
    if (n < params.n) {
      let at = place[j] + row * params.n;
      var sum = v[j];
      if (params.has_bias == 1) { sum += bias[n]; }
      if (params.relu == 1) { sum = max(sum, 0.0); }
      if (params.accumulate == 1) { sum += y[at]; }
      y[at] = sum;
    }
  }
}

//#include matmul/lib/matmul_tiled.wgsl
