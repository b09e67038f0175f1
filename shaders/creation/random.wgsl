// y = random numbers from 24 bits of the PCG hash (Jarzynski and Olano, "Hash Functions for GPU Rendering", 2020) of a
// seed and the element's index. Uniform in [0, 1), the same bits on every adapter; or normal (Box and Muller, 1958),
// whose last digits depend on the adapter's logarithm. One vec4 per invocation.
const UNIFORM: u32 = 0; // @op
const NORMAL: u32 = 1; // @op
const OP: u32 = 0; // @tunable one of the operations above
const WORKGROUP: u32 = 64;

struct Params { vec4s: u32 }

@group(0) @binding(0) var<storage, read> seed: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl
//#include pointwise/lib/elementary.wgsl

fn pcg(v: vec4u) -> vec4u {
  let state = v * 747796405u + 2891336453u;
  let word = ((state >> ((state >> vec4u(28u)) + 4u)) ^ state) * 277803737u;
  return (word >> vec4u(22u)) ^ word;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = flat_index(group, groups, local, WORKGROUP);
  if (at >= params.vec4s) { return; }
  let bits = pcg(pcg(4u * at + vec4u(0u, 1u, 2u, 3u)) ^ pcg(vec4u(seed[0])));
  let u = vec4f(bits >> vec4u(8u)) * 5.9604645e-8;
  if (OP == NORMAL) {
    let v = vec4f(pcg(bits) >> vec4u(8u)) * 5.9604645e-8;
    y[at] = sqrt(-2.0 * log(1.0 - u)) * sine(6.2831855 * v, 1.0);
  } else {
    y[at] = u;
  }
}
