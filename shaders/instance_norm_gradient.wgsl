// dx = (g - mean(g) - xhat * mean(g * xhat)) / deviation, with g and xhat as in instance_norm_gradient_sums, which made the
// two means. dy, x, dx [planes, size]. PER_THREAD elements an invocation.
const SLOPED: bool = false; // @tunable
const PER_THREAD: u32 = 1; // @tunable

struct Params { total: u32, size: u32, slope: f32 }

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
@group(0) @binding(3) var<storage, read> sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let first = flat_index(group, groups, local, 64) * PER_THREAD;
  for (var i = 0u; i < PER_THREAD; i++) {
    let at = first + i;
    if (at < params.total) {
      let plane = at / params.size;
      let scale = statistics[plane * 2 + 1];
      let normal = (x[at] - statistics[plane * 2]) * scale;
      var g = dy[at];
      if (SLOPED) { g = select(params.slope * g, g, normal > 0.0); }
      dx[at] = (g - sums[plane * 2] - normal * sums[plane * 2 + 1]) * scale;
    }
  }
}
