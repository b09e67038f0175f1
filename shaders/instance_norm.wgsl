// y = activation((x - mean) / deviation) [+ residual], with the statistics of each plane made beforehand.
// x, residual, y [planes, size]; statistics [planes, 2] = mean, 1 / deviation. One element an invocation, PER_THREAD of them.
const SLOPED: bool = false; // @tunable negative values are multiplied by `slope` (0: ReLU)
const RESIDUAL: bool = false; // @tunable
const PER_THREAD: u32 = 1; // @tunable

struct Params { total: u32, size: u32, slope: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> statistics: array<f32>;
@group(0) @binding(2) var<storage, read> residual: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let first = flat_index(group, groups, local, 64) * PER_THREAD;
  for (var i = 0u; i < PER_THREAD; i++) {
    let at = first + i;
    if (at < params.total) {
      let plane = at / params.size;
      var v = (x[at] - statistics[plane * 2]) * statistics[plane * 2 + 1];
      if (SLOPED) { v = select(params.slope * v, v, v > 0.0); }
      if (RESIDUAL) { v += residual[at]; }
      y[at] = v;
    }
  }
}
