// Mean and 1 / sqrt(variance + eps) of every plane, one workgroup a plane, in two passes over it: the variance is the mean
// of squared distances from the mean (E[x^2] - E[x]^2 cancels), and biased, as PyTorch's normalisation has it.
// x [planes, size] -> statistics [planes, 2].
const WORKGROUP: u32 = 256; // @tunable a power of two

struct Params { size: u32, eps: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> partial: array<f32, WORKGROUP>;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let plane = flat_index(group, groups, 0, 1);
  let start = plane * params.size;

  var sum = 0.0;
  for (var i = local; i < params.size; i += WORKGROUP) { sum += x[start + i]; }
  partial[local] = sum;
  workgroupBarrier();
  for (var half = WORKGROUP / 2; half > 0; half /= 2) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  let mean = partial[0] / f32(params.size);
  workgroupBarrier();

  sum = 0.0;
  for (var i = local; i < params.size; i += WORKGROUP) {
    let d = x[start + i] - mean;
    sum += d * d;
  }
  partial[local] = sum;
  workgroupBarrier();
  for (var half = WORKGROUP / 2; half > 0; half /= 2) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  // A folded grid may hold one row of workgroups too many.
  if (local == 0 && plane * 2 < arrayLength(&statistics)) {
    statistics[plane * 2] = mean;
    statistics[plane * 2 + 1] = 1.0 / sqrt(partial[0] / f32(params.size) + params.eps);
  }
}
