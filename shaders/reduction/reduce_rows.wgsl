// y = factor * the sum (or the maximum, or the minimum) of x over up to two reduced axes, one workgroup per output: its
// invocations stride along the inner reduced axis, then their results are combined pairwise in a fixed order. For long
// reductions.
const WORKGROUP: u32 = 256; // @tunable a power of two

var<workgroup> partial: array<f32, WORKGROUP>;

//#include reduction/lib/reduce.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let output = flat_index(group, groups, 0, 1);
  partial[local] = reduced(output, local, WORKGROUP);
  workgroupBarrier();
  for (var half = WORKGROUP / 2; half > 0; half /= 2) {
    if (local < half) { partial[local] = combine(partial[local], partial[local + half]); }
    workgroupBarrier();
  }
  if (local == 0 && output < params.outputs) { y[output] = partial[0] * params.factor; }
}
