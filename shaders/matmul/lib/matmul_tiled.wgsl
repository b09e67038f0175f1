// The tiled matrix product (see shaders/lib/tiled_gemm.wgsl) for any strides. The file that includes this defines
// TILE_K, SUM_A and store_sum().
// Layouts: see shaders/matmul/lib/params.wgsl. Grid: tiles, flat.
const ONE_PART: bool = true;

//#include matmul/lib/params.wgsl

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// The index of the first of four elements.
alias OffsetA = u32;
alias OffsetB = u32;

fn gemm_size() -> vec3u { return vec3u(params.m, params.n, params.batch); }

fn gemm_sum(z: u32) -> vec2u { return vec2u(1, params.k); }

fn a_along_k() -> bool { return params.a_k == 1; }

fn b_along_k() -> bool { return params.b_k == 1; }

fn a_offset(z: u32, row: u32, k: u32, part: u32) -> OffsetA {
  return z * params.a_batch + row * params.a_m + k * params.a_k;
}

fn load_a(offset: OffsetA, k_tile: u32, valid: bool) -> vec4f {
  let at = offset + k_tile * TILE_K * params.a_k;
  let m = params.a_m;
  return select(vec4f(), vec4f(a[at], a[at + m], a[at + 2 * m], a[at + 3 * m]), valid);
}

fn b_offset(z: u32, column: u32, k: u32, part: u32) -> OffsetB {
  return params.b_base + z * params.b_batch + column * params.b_n + k * params.b_k;
}

fn load_b(offset: OffsetB, k_tile: u32, valid: bool) -> vec4f {
  let at = offset + k_tile * TILE_K * params.b_k;
  let n = params.b_n;
  return select(vec4f(), vec4f(b[at], b[at + n], b[at + 2 * n], b[at + 3 * n]), valid);
}

fn y_offset(z: u32, columns: vec4u) -> vec4u { return z * params.m * params.n + columns; }

fn store(z: u32, row: u32, columns: vec4u, offset: vec4u, v: vec4f) {
  for (var j = 0u; j < 4; j++) {
    let n = columns[j];
    if (n < params.n) {
      let at = offset[j] + row * params.n;
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
