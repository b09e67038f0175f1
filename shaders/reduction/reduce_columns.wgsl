// y = factor * sum of x over up to two reduced axes, one invocation per output. For short reductions with many outputs,
// and for adding up partial results in a fixed order. Axes and strides as in reduce_rows.
const WORKGROUP: u32 = 64; // @tunable

struct Params {
  outputs: u32, kept0: u32, kept0_stride: u32, kept1_stride: u32,
  inner: u32, inner_stride: u32, outer: u32, outer_stride: u32,
  factor: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let output = flat_index(group, groups, local, WORKGROUP);
  if (output >= params.outputs) { return; }
  let base = (output % params.kept0) * params.kept0_stride + (output / params.kept0) * params.kept1_stride;
  var sum = 0.0;
  for (var j = 0u; j < params.outer; j++) {
    let row = base + j * params.outer_stride;
    for (var i = 0u; i < params.inner; i++) { sum += x[row + i * params.inner_stride]; }
  }
  y[output] = sum * params.factor;
}
