// y = activation((x - mean) / deviation) [+ residual], with the statistics of each plane computed beforehand.
// x, residual, y [planes, size]; statistics [planes, 2] = mean, 1 / deviation. Grid as in lib/row_part.wgsl.
const SLOPED: bool = false; // @tunable negative values are multiplied by `slope` (0: ReLU)
const RESIDUAL: bool = false; // @tunable

struct Params { planes: u32, size: u32, slope: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> statistics: array<f32>;
@group(0) @binding(2) var<storage, read> residual: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

//#include lib/row_part.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let part = row_part(group, groups, local, params.size);
  let plane = part.row;
  if (plane >= params.planes) { return; }
  let mean = statistics[plane * 2];
  let scale = statistics[plane * 2 + 1];
  for (var i = part.first; i < part.end; i++) {
    let at = plane * params.size + i;
    var v = (x[at] - mean) * scale;
    if (SLOPED) { v = select(params.slope * v, v, v > 0.0); }
    if (RESIDUAL) { v += residual[at]; }
    y[at] = v;
  }
}
