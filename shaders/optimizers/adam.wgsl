// Adam (Kingma and Ba, 2015) as PyTorch computes it: with g + decay * p for g, m and v are the running means of g and
// g^2, and
//   p = kept * p - rate * m / (sqrt(v) * correction + eps),
//   rate = lr / (1 - beta1^t), correction = 1 / sqrt(1 - beta2^t), kept = 1, or in AdamW 1 - lr * weightDecay.
// rate, correction, kept and a factor of g, which undoes a loss scale, come in a buffer, `schedule`, because a recorded
// step changes them at every replay. Where the factor is 0, nothing is updated. g, p, m, v: vec4s of one flat shape,
// PER_THREAD consecutive ones per invocation.
const WORKGROUP: u32 = 64;
const PER_THREAD: u32 = 1; // @tunable

struct Params { vec4s: u32, beta1: f32, beta2: f32, eps: f32, decay: f32 }

@group(0) @binding(0) var<storage, read> g: array<vec4f>;
@group(0) @binding(1) var<storage, read> schedule: array<f32>;
@group(0) @binding(2) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let factor = schedule[3];
  if (factor == 0) { return; }
  let first = flat_index(group, groups, local, WORKGROUP) * PER_THREAD;
  let end = min(first + PER_THREAD, params.vec4s);
  for (var at = first; at < end; at++) {
    let gradient = factor * g[at] + params.decay * p[at];
    let mean = params.beta1 * m[at] + (1.0 - params.beta1) * gradient;
    let square = params.beta2 * v[at] + (1.0 - params.beta2) * gradient * gradient;
    m[at] = mean;
    v[at] = square;
    p[at] = schedule[2] * p[at] - schedule[0] * mean / (sqrt(square) * schedule[1] + params.eps);
  }
}
