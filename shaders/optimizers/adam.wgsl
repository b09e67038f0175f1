// Adam (Kingma and Ba, 2015) as PyTorch computes it: with g + decay * p for g (L2 regularization), m and v are the
// running means of g and g^2, and
//   p = weight_decay_factor * p - step_size * m / (sqrt(v) * correction + eps),
//   step_size = lr / (1 - beta1^t), correction = 1 / sqrt(1 - beta2^t), weight_decay_factor = 1 - lr * weightDecay in
//   AdamW, else 1.
// The step's scalars are in a buffer, since they differ at every replay of a recorded step: step_size, correction,
// weight_decay_factor and g_scale, a factor of g that undoes the loss scale. If it is 0, the update is skipped.
// g, p, m, v: vec4s of one flat shape, PER_THREAD consecutive ones per invocation.
const WORKGROUP: u32 = 64;
const PER_THREAD: u32 = 1; // @tunable

struct Params { vec4s: u32, beta1: f32, beta2: f32, eps: f32, decay: f32 }

@group(0) @binding(0) var<storage, read> g: array<vec4f>;
@group(0) @binding(1) var<storage, read> scalars: array<f32>;
@group(0) @binding(2) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let g_scale = scalars[3];
  if (g_scale == 0) { return; }
  let first = flat_index(group, groups, local, WORKGROUP) * PER_THREAD;
  let end = min(first + PER_THREAD, params.vec4s);
  for (var at = first; at < end; at++) {
    let gradient = g_scale * g[at] + params.decay * p[at];
    let mean = params.beta1 * m[at] + (1.0 - params.beta1) * gradient;
    let square = params.beta2 * v[at] + (1.0 - params.beta2) * gradient * gradient;
    m[at] = mean;
    v[at] = square;
    p[at] = scalars[2] * p[at] - scalars[0] * mean / (sqrt(square) * scalars[1] + params.eps);
  }
}
