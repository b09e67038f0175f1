// How fast the adapter reads, or with COPY reads and writes at once. Every invocation takes PER_THREAD vec4s, STRIDE
// apart, and writes their sum, or each of them where it was. With a STRIDE of 64 neighbouring invocations touch
// neighbouring elements, which suits a GPU; with 1 each invocation has its own contiguous block, which suits a CPU.
// Their number `vec4s` is a multiple of 64 * PER_THREAD.
struct Params { vec4s: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

const COPY: bool = false; // @tunable
const PER_THREAD: u32 = 4; // @tunable
const STRIDE: u32 = 64; // @tunable

//#include lib/index.wgsl

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let out = flat_index(group, groups, local, 64);
  let first = flat_index(group, groups, 0, 64) * PER_THREAD + local * select(1u, PER_THREAD, STRIDE == 1);
  if (out * PER_THREAD >= params.vec4s) { return; }
  var sum = vec4f(0.0);
  for (var i = 0u; i < PER_THREAD; i++) {
    let v = x[first + i * STRIDE];
    if (COPY) { y[first + i * STRIDE] = v; }
    sum += v;
  }
  if (!COPY) { y[out] = sum; }
}
