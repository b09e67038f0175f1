// Winograd's transform of the weights: u[f, m, c] = (G w G^T)[f] for output channel m and input channel c.
// Layouts: w by strides (see shaders/convolution/lib/geometry.wgsl), so that flipped and transposed weights serve as
// well; u [36, out_channels, in_channels]. One pair of channels per invocation.
const TAPS: u32 = 3; // @tunable 3 or 4

struct Params { out_channels: u32, in_channels: u32, w_base: i32, w_m: i32, w_c: i32, w_ty: i32, w_tx: i32 }

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> u: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl
//#include convolution/lib/winograd.wgsl

fn column_of(rows: array<Six, TAPS>, j: u32) -> Six {
  var taps = array<f32, TAPS>();
  for (var ty = 0u; ty < TAPS; ty++) { taps[ty] = rows[ty][j]; }
  return transform_weights(taps);
}

fn store_column(at: u32, pairs: u32, column: Six) {
  for (var r = 0u; r < 6; r++) { u[at + r * 6 * pairs] = column[r]; }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local, 64);
  let pairs = params.out_channels * params.in_channels;
  if (i >= pairs) { return; }
  let base = params.w_base + i32(i / params.in_channels) * params.w_m + i32(i % params.in_channels) * params.w_c;
  var rows: array<Six, TAPS>;
  for (var ty = 0u; ty < TAPS; ty++) {
    var taps = array<f32, TAPS>();
    for (var tx = 0u; tx < TAPS; tx++) { taps[tx] = w[u32(base + i32(ty) * params.w_ty + i32(tx) * params.w_tx)]; }
    rows[ty] = transform_weights(taps);
  }
  if (ROLLED) {
    let end = i + 6 * pairs;
    for (var at = i; at < end; at += pairs) {
      store_column(at, pairs, column_of(rows, 0));
      for (var ty = 0u; ty < TAPS; ty++) { rows[ty] = rotated(rows[ty]); }
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
