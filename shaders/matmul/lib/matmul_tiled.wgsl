// What both tiled matrix products define for shaders/lib/tiled_gemm.wgsl. Layouts: see shaders/matmul/lib/params.wgsl.
alias PlaceA = vec4u;
alias PlaceB = vec4u;

fn gemm_size() -> vec3u { return vec3u(params.m, params.n, params.batch); }

fn gemm_terms(z: u32) -> vec2u { return vec2u(0, params.k); }

fn a_along_k() -> bool { return params.a_k == 1; }

fn b_along_k() -> bool { return params.b_k == 1; }

fn a_place(z: u32, rows: vec4u) -> PlaceA {
  return z * params.a_batch + min(rows, vec4u(params.m - 1)) * params.a_m;
}

// Columns beyond the last read the first one: in vec4s, the last column may not begin a quad.
fn b_place(z: u32, columns: vec4u) -> PlaceB {
  return params.b_base + z * params.b_batch + select(columns, vec4u(), columns >= vec4u(params.n)) * params.b_n;
}

fn y_place(z: u32, columns: vec4u) -> vec4u { return z * params.m * params.n + columns; }

//#include lib/tiled_gemm.wgsl
