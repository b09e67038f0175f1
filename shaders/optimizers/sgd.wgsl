// Stochastic gradient descent as PyTorch computes it: with g + decay * p for g,
//   v = momentum * v + taken * g,   p -= rate * (v, or g + momentum * v with Nesterov's variant, where `ahead` is 1).
// rate and taken (1 less the dampening) come in a buffer, `schedule`, because a recorded step changes them at every
// replay. g, p, v: vec4s of one flat shape, PER_THREAD consecutive ones per invocation; v is called buffer.
const WORKGROUP: u32 = 64;
const PER_THREAD: u32 = 1; // @tunable

struct Params { vec4s: u32, momentum: f32, ahead: f32, decay: f32 }

@group(0) @binding(0) var<storage, read> g: array<vec4f>;
@group(0) @binding(1) var<storage, read> schedule: array<f32>;
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
    let moved = params.momentum * buffer[at] + schedule[1] * gradient;
    buffer[at] = moved;
    p[at] -= schedule[0] * select(moved, gradient + params.momentum * moved, params.ahead == 1.0);
  }
}
