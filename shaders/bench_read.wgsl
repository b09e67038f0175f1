// How fast the adapter reads: every invocation adds PER_THREAD vec4s, STRIDE apart, and writes one. With 64, invocations read
// side by side, which a GPU likes; with 1, each reads a run of its own, which a CPU likes. For benchmarks; `quads` is a
// multiple of 64 * PER_THREAD.
struct Params { quads: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

const PER_THREAD: u32 = 4; // @tunable
const STRIDE: u32 = 64; // @tunable

//#include lib/index.wgsl

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let out = flat_index(group, groups, local, 64);
  let first = flat_index(group, groups, 0, 64) * PER_THREAD + local * select(1u, PER_THREAD, STRIDE == 1);
  if (out * PER_THREAD >= params.quads) { return; }
  var sum = vec4f(0.0);
  for (var i = 0u; i < PER_THREAD; i++) { sum += x[first + i * STRIDE]; }
  y[out] = sum;
}
