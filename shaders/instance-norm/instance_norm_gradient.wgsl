// dx = (g - mean(g) - xhat * mean(g * xhat)) / deviation, with g and xhat as in instance_norm_gradient_sums, which made the
// two means. dy, x, dx [planes, size]. PER_THREAD elements an invocation.
// Grid: x = parts of a plane, y = planes.
const SLOPED: bool = false; // @tunable
const PER_THREAD: u32 = 1; // @tunable

struct Params { planes: u32, size: u32, slope: f32 }

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
@group(0) @binding(3) var<storage, read> sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let plane = row_of(group);
  if (plane >= params.planes) { return; }
  let mean = statistics[plane * 2];
  let scale = statistics[plane * 2 + 1];
  let mean_g = sums[plane * 2];
  let mean_product = sums[plane * 2 + 1];
  let first = (group.x * 64 + local) * PER_THREAD;
  let end = min(first + PER_THREAD, params.size);
  for (var i = first; i < end; i++) {
    let at = plane * params.size + i;
    let normal = (x[at] - mean) * scale;
    var g = dy[at];
    if (SLOPED) { g = select(params.slope * g, g, normal > 0.0); }
    dx[at] = (g - mean_g - normal * mean_product) * scale;
  }
}
