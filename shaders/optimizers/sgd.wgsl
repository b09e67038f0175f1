// Stochastic gradient descent as PyTorch computes it: with g + decay * p for g,
//   v = momentum * v + one_minus_dampening * g,   p -= lr * (v, or g + momentum * v if `nesterov` is 1).
// The step's scalars, lr and one_minus_dampening, are in a buffer, since they differ at every replay of a recorded
// step. g, p, v (PyTorch's momentum buffer, here `buffer`): vec4s of one flat shape, PER_THREAD consecutive ones per
// invocation.
const WORKGROUP: u32 = 64;
const PER_THREAD: u32 = 1; // @tunable

struct Params { vec4s: u32, momentum: f32, nesterov: f32, decay: f32 }

@group(0) @binding(0) var<storage, read> g: array<vec4f>;
@group(0) @binding(1) var<storage, read> scalars: array<f32>;
@group(0) @binding(2) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> buffer: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let first = flat_index(group, groups, local, WORKGROUP) * PER_THREAD;
  let end = min(first + PER_THREAD, params.vec4s);
  for (var at = first; at < end; at++) {
    let gradient = g[at] + params.decay * p[at];
    let v = params.momentum * buffer[at] + scalars[1] * gradient;
    buffer[at] = v;
    p[at] -= scalars[0] * select(v, gradient + params.momentum * v, params.nesterov == 1.0);
  }
}
