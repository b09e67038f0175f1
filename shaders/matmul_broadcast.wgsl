// Matrix product for adapters that are a CPU: from registers, without workgroup memory or barriers.
// A workgroup is one subgroup. It makes ROWS rows of LANES * 4 columns: every lane owns four neighbouring columns, holds
// elements of one of the rows, and lane r's are broadcast to all. Four products are summed before they join the total: the
// totals stay out of the inner loop, and chains of additions are short, so they round less.
// This one takes any strides and sizes; matmul_broadcast_fours.wgsl is faster where it applies.
// Grid: x = groups of columns, y = blocks of ROWS rows, z = batch.
enable subgroups;

const LANES: u32 = 8; // @tunable lanes of a subgroup, 4 or more
const ROWS: u32 = 16; // @tunable 8 or 16
// With fewer than 8 lanes every lane holds the elements of two rows.
const HIGH: u32 = min(LANES / 8u, 1u) * 4u;

//#include lib/matmul.wgsl

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> c: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn a_four(row: u32, k: u32) -> vec4f {
  var four = vec4f();
  for (var i = 0u; i < 4; i++) {
    if (k + i < params.k) { four[i] = a[row + (k + i) * params.a_k]; }
  }
  return four;
}

// Columns beyond the last may read anything: they are not stored.
fn c_block(columns: vec4u, k: u32) -> mat4x4f {
  var m = mat4x4f();
  for (var i = 0u; i < 4; i++) {
    let at = columns + min(k + i, params.k - 1) * params.c_k;
    m[i] = vec4f(c[at.x], c[at.y], c[at.z], c[at.w]);
  }
  return m;
}

fn store_four(at: u32, n: u32, four: vec4f) {
  for (var i = 0u; i < 4; i++) {
    if (n + i < params.n) {
      var v = finish(n + i, four[i]);
      if (params.accumulate == 1) { v += y[at + i]; }
      y[at + i] = v;
    }
  }
}

//#include lib/matmul_broadcast.wgsl
