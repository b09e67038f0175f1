// How fast the adapter multiplies and adds: chains of x = x * factor + offset that live in registers alone. PER_THREAD
// independent chains of vec4s hide the latency of each; a round is four steps of each.
struct Params { rounds: u32, factor: f32, offset: f32 }

@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<uniform> params: Params;

const PER_THREAD: u32 = 8; // @tunable

//#include lib/index.wgsl

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = flat_index(group, groups, local, 64);
  let m = vec4f(params.factor);
  let b = vec4f(params.offset);
  var x0 = vec4f(f32(local)) + vec4f(0.1, 0.2, 0.3, 0.4);
  var x1 = x0 + 1.0;
  var x2 = x0 + 2.0;
  var x3 = x0 + 3.0;
  var x4 = x0 + 4.0;
  var x5 = x0 + 5.0;
  var x6 = x0 + 6.0;
  var x7 = x0 + 7.0;
  var x8 = x0 + 8.0;
  var x9 = x0 + 9.0;
  var x10 = x0 + 10.0;
  var x11 = x0 + 11.0;
  for (var round = 0u; round < params.rounds; round++) {
    x0 = x0 * m + b; x1 = x1 * m + b; x2 = x2 * m + b; x3 = x3 * m + b;
    if (PER_THREAD >= 8) { x4 = x4 * m + b; x5 = x5 * m + b; x6 = x6 * m + b; x7 = x7 * m + b; }
    if (PER_THREAD >= 12) { x8 = x8 * m + b; x9 = x9 * m + b; x10 = x10 * m + b; x11 = x11 * m + b; }
    x0 = x0 * m + b; x1 = x1 * m + b; x2 = x2 * m + b; x3 = x3 * m + b;
    if (PER_THREAD >= 8) { x4 = x4 * m + b; x5 = x5 * m + b; x6 = x6 * m + b; x7 = x7 * m + b; }
    if (PER_THREAD >= 12) { x8 = x8 * m + b; x9 = x9 * m + b; x10 = x10 * m + b; x11 = x11 * m + b; }
    x0 = x0 * m + b; x1 = x1 * m + b; x2 = x2 * m + b; x3 = x3 * m + b;
    if (PER_THREAD >= 8) { x4 = x4 * m + b; x5 = x5 * m + b; x6 = x6 * m + b; x7 = x7 * m + b; }
    if (PER_THREAD >= 12) { x8 = x8 * m + b; x9 = x9 * m + b; x10 = x10 * m + b; x11 = x11 * m + b; }
    x0 = x0 * m + b; x1 = x1 * m + b; x2 = x2 * m + b; x3 = x3 * m + b;
    if (PER_THREAD >= 8) { x4 = x4 * m + b; x5 = x5 * m + b; x6 = x6 * m + b; x7 = x7 * m + b; }
    if (PER_THREAD >= 12) { x8 = x8 * m + b; x9 = x9 * m + b; x10 = x10 * m + b; x11 = x11 * m + b; }
  }
  let low = (x0 + x1) + (x2 + x3);
  let middle = (x4 + x5) + (x6 + x7);
  let high = (x8 + x9) + (x10 + x11);
  if (at < arrayLength(&y)) { y[at] = low + middle + high; }
}
