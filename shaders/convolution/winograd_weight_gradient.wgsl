// The last step of Winograd's weight gradient: dw = G^T s G, the transpose of winograd_weights.wgsl.
// Layouts: s [ALPHA^2, pairs], pairs = out_channels * in_channels; dw [pairs, R, R]. One pair of channels per
// invocation.
const R: u32 = 3; // @tunable size r of the kernel: 3 or 4

struct Params { pairs: u32 }

@group(0) @binding(0) var<storage, read> s: array<f32>;
@group(0) @binding(1) var<storage, read_write> dw: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl
//#include convolution/lib/winograd.wgsl

// The transform of the row of sums that begins at index `at`.
fn sum_row(at: u32) -> array<f32, R> {
  var u: Line;
  for (var j = 0u; j < ALPHA; j++) { u[j] = s[at + j * params.pairs]; }
  return transform_weight_gradient(u);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local, 64);
  if (i >= params.pairs) { return; }
  var rows: array<array<f32, R>, ALPHA>;
  let row_of_planes = ALPHA * params.pairs;
  if (!UNROLL) {
    let end = i + ALPHA * row_of_planes;
    for (var at = i; at < end; at += row_of_planes) {
      let last = sum_row(at);
      for (var r = 0u; r < ALPHA - 1; r++) { rows[r] = rows[r + 1]; }
      rows[ALPHA - 1] = last;
    }
  } else {
    rows[0] = sum_row(i);
    rows[1] = sum_row(i + row_of_planes);
    rows[2] = sum_row(i + 2 * row_of_planes);
    rows[3] = sum_row(i + 3 * row_of_planes);
    rows[4] = sum_row(i + 4 * row_of_planes);
    rows[5] = sum_row(i + 5 * row_of_planes);
  }
  for (var j = 0u; j < R; j++) {
    var u: Line;
    for (var r = 0u; r < ALPHA; r++) { u[r] = rows[r][j]; }
    let column = transform_weight_gradient(u);
    for (var r = 0u; r < R; r++) { dw[(i * R + r) * R + j] = column[r]; }
  }
}
