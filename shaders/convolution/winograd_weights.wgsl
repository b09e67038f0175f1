// Winograd's transform of the weights: u[f, m, c] = (G w G^T)[f] for output channel m and input channel c.
// Layouts: w by strides (see shaders/convolution/lib/geometry.wgsl), so that weights may be flipped and transposed;
// u [ALPHA^2, out_channels, in_channels]. One pair of channels per invocation.
const R: u32 = 3; // @tunable size r of the kernel: 3 or 4

struct Params { out_channels: u32, in_channels: u32, w_base: i32, w_m: i32, w_c: i32, w_ky: i32, w_kx: i32 }

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> u: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl
//#include convolution/lib/winograd.wgsl

fn column_of(rows: array<Line, R>, j: u32) -> Line {
  var weights = array<f32, R>();
  for (var ky = 0u; ky < R; ky++) { weights[ky] = rows[ky][j]; }
  return transform_weights(weights);
}

fn store_column(at: u32, pairs: u32, column: Line) {
  for (var r = 0u; r < ALPHA; r++) { u[at + r * ALPHA * pairs] = column[r]; }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local, 64);
  let pairs = params.out_channels * params.in_channels;
  if (i >= pairs) { return; }
  let base = params.w_base + i32(i / params.in_channels) * params.w_m + i32(i % params.in_channels) * params.w_c;
  var rows: array<Line, R>;
  for (var ky = 0u; ky < R; ky++) {
    var weights = array<f32, R>();
    for (var kx = 0u; kx < R; kx++) { weights[kx] = w[u32(base + i32(ky) * params.w_ky + i32(kx) * params.w_kx)]; }
    rows[ky] = transform_weights(weights);
  }
  if (!UNROLL) {
    let end = i + ALPHA * pairs;
    for (var at = i; at < end; at += pairs) {
      store_column(at, pairs, column_of(rows, 0));
      for (var ky = 0u; ky < R; ky++) { rows[ky] = rotated(rows[ky]); }
    }
  } else {
    store_column(i, pairs, column_of(rows, 0));
    store_column(i + pairs, pairs, column_of(rows, 1));
    store_column(i + 2 * pairs, pairs, column_of(rows, 2));
    store_column(i + 3 * pairs, pairs, column_of(rows, 3));
    store_column(i + 4 * pairs, pairs, column_of(rows, 4));
    store_column(i + 5 * pairs, pairs, column_of(rows, 5));
  }
}
