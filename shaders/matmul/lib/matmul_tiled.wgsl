// The product of all tiled kernels (see shaders/lib/tiled_gemm.wgsl), for any strides. The file that includes this
// says TILE_K, SUM_A, and in store_sum() where the sums of a go.
// Layouts: see shaders/matmul/lib/params.wgsl. Grid: tiles, flat.
const ONE_PART: bool = true;

//#include matmul/lib/params.wgsl

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// The index of the first of four elements.
alias PlaceA = u32;
alias PlaceB = u32;

fn gemm_size() -> vec3u { return vec3u(params.m, params.n, params.batch); }

fn gemm_sum(z: u32) -> vec2u { return vec2u(1, params.k); }

fn a_along_k() -> bool { return params.a_k == 1; }

fn b_along_k() -> bool { return params.b_k == 1; }

fn a_place(z: u32, row: u32, k: u32, part: u32) -> PlaceA {
  return z * params.a_batch + row * params.a_m + k * params.a_k;
}

fn a_quad(place: PlaceA, slice: u32, there: bool) -> vec4f {
  let at = place + slice * TILE_K * params.a_k;
  let m = params.a_m;
  return select(vec4f(), vec4f(a[at], a[at + m], a[at + 2 * m], a[at + 3 * m]), there);
}

fn b_place(z: u32, column: u32, k: u32, part: u32) -> PlaceB {
  return params.b_base + z * params.b_batch + column * params.b_n + k * params.b_k;
}

fn b_quad(place: PlaceB, slice: u32, there: bool) -> vec4f {
  let at = place + slice * TILE_K * params.b_k;
  let n = params.b_n;
  return select(vec4f(), vec4f(b[at], b[at + n], b[at + 2 * n], b[at + 3 * n]), there);
}

fn y_place(z: u32, columns: vec4u) -> vec4u { return z * params.m * params.n + columns; }

fn store(z: u32, row: u32, columns: vec4u, place: vec4u, v: vec4f) {
  for (var j = 0u; j < 4; j++) {
    let n = columns[j];
    if (n < params.n) {
      let at = place[j] + row * params.n;
      var sum = v[j];
      if (params.has_bias == 1) { sum += bias[n]; }
      if (params.relu == 1) { sum = max(sum, 0.0); }
      if (params.gated == 1) { sum = select(params.slope * sum, sum, bias[at] > 0.0); }
      if (params.accumulate == 1) { sum += y[at]; }
      y[at] = sum;
    }
  }
}

//#include lib/tiled_gemm.wgsl
