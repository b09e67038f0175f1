// What both tiled products tell lib/tiled_gemm.wgsl.
alias PlaceA = vec4u;
alias PlaceC = vec4u;

fn gemm_size() -> vec3u { return vec3u(params.m, params.n, params.batch); }

fn gemm_terms(z: u32) -> vec2u { return vec2u(0, params.k); }

fn a_along_k() -> bool { return params.a_k == 1; }

fn c_along_k() -> bool { return params.c_k == 1; }

fn a_place(z: u32, rows: vec4u) -> PlaceA {
  return z * params.a_batch + min(rows, vec4u(params.m - 1)) * params.a_m;
}

// Columns beyond the last are the first ones again: by fours, a last one may not begin a quad.
fn c_place(z: u32, columns: vec4u) -> PlaceC {
  return params.c_base + z * params.c_batch + select(columns, vec4u(), columns >= vec4u(params.n)) * params.c_n;
}

fn y_place(z: u32, columns: vec4u) -> vec4u { return z * params.m * params.n + columns; }

//#include lib/tiled_gemm.wgsl
