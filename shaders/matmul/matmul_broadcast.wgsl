// Matrix product for software adapters: from registers, without workgroup memory or barriers.
// A workgroup is one subgroup. It computes 8, 16 or 32 rows of LANES * 4 columns: every lane computes four neighbouring
// columns and holds elements of one of eight rows, and lane r's are broadcast to all. Four products are summed before
// they are added to the total: the totals stay out of the inner loop, and short chains of additions round less.
// This kernel supports any strides and sizes; matmul_broadcast_vec4.wgsl is faster where it applies.
// Grid: groups of columns times blocks of rows times batch, flat.
enable subgroups;

//#include matmul/lib/params.wgsl

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn a_vec4(row: u32, k: u32) -> vec4f {
  let at = row + vec4u(k, k + 1, k + 2, k + 3) * params.a_k;
  let v = vec4f(a[at.x], a[at.y], a[at.z], a[at.w]);
  return select(vec4f(), v, vec4u(k, k + 1, k + 2, k + 3) < vec4u(params.k));
}

// Columns beyond the last may have any value: they are not stored.
fn b_block(columns: vec4u, k: u32) -> mat4x4f {
  let at0 = columns + k * params.b_k;
  let at1 = columns + min(k + 1, params.k - 1) * params.b_k;
  let at2 = columns + min(k + 2, params.k - 1) * params.b_k;
  let at3 = columns + min(k + 3, params.k - 1) * params.b_k;
  return mat4x4f(
    vec4f(b[at0.x], b[at0.y], b[at0.z], b[at0.w]), vec4f(b[at1.x], b[at1.y], b[at1.z], b[at1.w]),
    vec4f(b[at2.x], b[at2.y], b[at2.z], b[at2.w]), vec4f(b[at3.x], b[at3.y], b[at3.z], b[at3.w]),
  );
}

fn store_vec4(first: u32, n0: u32, v: vec4f) {
  var rest = v;
  let end = min(n0 + 4, params.n);
  for (var n = n0; n < end; n++) {
    let at = first + n - n0;
    if (params.accumulate == 1) { rest.x += y[at]; }
    y[at] = rest.x;
    rest = rest.yzwx;
  }
}

//#include matmul/lib/matmul_broadcast.wgsl
