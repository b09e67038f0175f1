// For instance norm's gradient: the means over each plane of g and of g * xhat, where xhat = (x - mean) / deviation
// is recomputed from x, and g is dy times the derivative of the activation at xhat. One workgroup per plane.
// dy, x [planes, size]; statistics [planes, 2] -> sums [planes, 2].
const WORKGROUP: u32 = 256; // @tunable a power of two

struct Params { size: u32, slope: f32 }

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> partial: array<vec2f, WORKGROUP>;

//#include lib/index.wgsl
//#include lib/pairwise_sum.wgsl
//#include instance-norm/lib/derivative.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let plane = flat_index(group, groups, 0, 1);
  let start = plane * params.size;
  let mean = statistics[plane * 2];
  let scale = statistics[plane * 2 + 1];
  var sum = vec2f();
  for (var i = local; i < params.size; i += WORKGROUP) {
    let normal = (x[start + i] - mean) * scale;
    let g = through_activation(dy[start + i], normal);
    sum += vec2f(g, g * normal);
  }
  partial[local] = sum;
  sum_partials(local);
  // A folded grid may hold one row of workgroups too many.
  if (local == 0 && plane * 2 < arrayLength(&sums)) {
    sums[plane * 2] = partial[0].x / f32(params.size);
    sums[plane * 2 + 1] = partial[0].y / f32(params.size);
  }
}
