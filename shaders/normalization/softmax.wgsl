// y = exp(x) divided by its sum along a row, the middle axis of [outer, n, inner]; or the logarithm of that. LANES
// invocations share a row. Exponentials are divided by the largest so far, so that none overflows (Milakov and
// Gimelshein, arXiv:1805.02867).
const LOG: bool = false; // @tunable
const LANES: u32 = 1; // @tunable a power of two, at most WORKGROUP
const WORKGROUP: u32 = 64;

struct Params { rows: u32, n: u32, inner: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

// The largest exponent, and the sum of exponentials divided by its own.
var<workgroup> partial: array<vec2f, WORKGROUP>;

//#include lib/index.wgsl

fn combine(u: vec2f, v: vec2f) -> vec2f {
  let high = max(u.x, v.x);
  return vec2f(high, u.y * exp(u.x - high) + v.y * exp(v.x - high));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let row = flat_index(group, groups, local, WORKGROUP) / LANES;
  let lane = local % LANES;
  let inner = params.inner;
  let plane = row / inner * params.n;
  let first = (plane + lane) * inner + row % inner;
  // Invocations beyond the last row meet the barrier, too.
  let end = select(0, (plane + params.n) * inner, row < params.rows);
  var all = vec2f(-3.4028234e38, 0);
  for (var i = first; i < end; i += LANES * inner) { all = combine(all, vec2f(x[i], 1)); }
  if (LANES > 1) {
    partial[local] = all;
    workgroupBarrier();
    for (var half = LANES / 2; half > 0; half /= 2) {
      if (lane < half) { partial[local] = combine(partial[local], partial[local + half]); }
      workgroupBarrier();
    }
    all = partial[local - lane];
  }
  for (var i = first; i < end; i += LANES * inner) {
    let low = x[i] - all.x;
    y[i] = select(exp(low) / all.y, low - log(all.y), LOG);
  }
}
