// y = the index along an axis of the largest (or smallest) element of x, the first of equal ones.
// x [outer, n, inner] -> y [outer, inner]. One output per invocation.
const MAX: u32 = 0; // @op
const MIN: u32 = 1; // @op
const OP: u32 = 0; // @tunable one of the operations above
const WORKGROUP: u32 = 64;

struct Params { outer: u32, n: u32, inner: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<i32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = flat_index(group, groups, local, WORKGROUP);
  if (at >= params.outer * params.inner) { return; }
  let outer = at / params.inner;
  let base = outer * params.n * params.inner + at - outer * params.inner;
  var best = x[base];
  var index = 0u;
  for (var i = 1u; i < params.n; i++) {
    let value = x[base + i * params.inner];
    if ((OP == MAX && value > best) || (OP == MIN && value < best)) {
      best = value;
      index = i;
    }
  }
  y[at] = i32(index);
}
