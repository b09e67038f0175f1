// Mean and 1 / sqrt(variance + eps) of every plane, one workgroup per plane, in two passes over it: the variance is the
// mean of squared distances from the mean (E[x^2] - E[x]^2 cancels), and biased, as PyTorch's normalisation has it.
// The second pass also sums the plain distances, which corrects what rounding left in the mean (Chan, Golub and
// LeVeque, 1983).
// x [planes, size] -> statistics [planes, 2].
const WORKGROUP: u32 = 256; // @tunable a power of two

struct Params { size: u32, eps: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> partial: array<vec2f, WORKGROUP>;

//#include lib/index.wgsl
//#include lib/pairwise_sum.wgsl

// The sum over the workgroup. The barrier keeps the last total from being overwritten while it is still read.
fn total(local: u32, own: vec2f) -> vec2f {
  workgroupBarrier();
  partial[local] = own;
  sum_partials(local);
  return partial[0];
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let plane = flat_index(group, groups, 0, 1);
  let start = plane * params.size;
  let count = f32(params.size);

  var sum = 0.0;
  for (var i = local; i < params.size; i += WORKGROUP) { sum += x[start + i]; }
  let rough = total(local, vec2f(sum, 0.0)).x / count;

  var distances = vec2f();
  for (var i = local; i < params.size; i += WORKGROUP) {
    let d = x[start + i] - rough;
    distances += vec2f(d, d * d);
  }
  let sums = total(local, distances) / count;
  // A folded grid may hold one row of workgroups too many.
  if (local == 0 && plane * 2 < arrayLength(&statistics)) {
    statistics[plane * 2] = rough + sums.x;
    statistics[plane * 2 + 1] = 1.0 / sqrt(sums.y - sums.x * sums.x + params.eps);
  }
}
