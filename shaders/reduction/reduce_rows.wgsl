// y = factor * sum of x over up to two reduced axes, one workgroup per output: its invocations stride over the inner
// reduced axis, then their partial sums are added pairwise in a fixed order. For long reductions.
// Outputs are numbered over up to two kept axes; each axis has its own stride in x.
const WORKGROUP: u32 = 256; // @tunable a power of two

struct Params {
  outputs: u32, kept0: u32, kept0_stride: u32, kept1_stride: u32,
  inner: u32, inner_stride: u32, outer: u32, outer_stride: u32,
  factor: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> partial: array<f32, WORKGROUP>;

//#include lib/index.wgsl
//#include lib/pairwise_sum.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let output = flat_index(group, groups, 0, 1);
  let base = (output % params.kept0) * params.kept0_stride + (output / params.kept0) * params.kept1_stride;
  var sum = 0.0;
  for (var j = 0u; j < params.outer; j++) {
    let row = base + j * params.outer_stride;
    for (var i = local; i < params.inner; i += WORKGROUP) { sum += x[row + i * params.inner_stride]; }
  }
  partial[local] = sum;
  sum_partials(local);
  if (local == 0 && output < params.outputs) { y[output] = partial[0] * params.factor; }
}
