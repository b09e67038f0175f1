// y = factor * the sum (or the maximum, or the minimum) of x over up to two reduced axes, one invocation per output.
// For short reductions with many outputs.
const WORKGROUP: u32 = 64; // @tunable

//#include reduction/lib/reduce.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let output = flat_index(group, groups, local, WORKGROUP);
  if (output >= params.outputs) { return; }
  y[output] = reduced(output, 0, 1) * params.factor;
}
