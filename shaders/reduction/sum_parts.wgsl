// The sum of parts that lie one behind the other, for kernels whose work is cut along the sum: in a fixed order, four
// parts at a time. parts [parts, n + m] -> y [n] and, for what has a second result, beside [m], which may be added to.
const WORKGROUP: u32 = 64;

struct Params { parts: u32, n: u32, m: u32, accumulate: u32 }

@group(0) @binding(0) var<storage, read> parts: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> beside: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local, WORKGROUP);
  let size = params.n + params.m;
  if (i >= size) { return; }
  var sum = 0.0;
  var at = i;
  for (var quads = params.parts / 4; quads > 0; quads--) {
    sum += (parts[at] + parts[at + size]) + (parts[at + 2 * size] + parts[at + 3 * size]);
    at += 4 * size;
  }
  for (var rest = params.parts % 4; rest > 0; rest--) {
    sum += parts[at];
    at += size;
  }
  if (i < params.n) {
    if (params.accumulate == 1) { sum += y[i]; }
    y[i] = sum;
  } else {
    if (params.accumulate == 1) { sum += beside[i - params.n]; }
    beside[i - params.n] = sum;
  }
}
