// Sums consecutive split-K partials [splits, n + m] in a fixed order into y [n] and a second output [m], four splits at
// a time. With `accumulate` the sums are added to what the outputs hold.
const WORKGROUP: u32 = 64;

struct Params { splits: u32, n: u32, m: u32, accumulate: u32 }

@group(0) @binding(0) var<storage, read> partials: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> second: array<f32>;
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
  for (var fours = params.splits / 4; fours > 0; fours--) {
    sum += (partials[at] + partials[at + size]) + (partials[at + 2 * size] + partials[at + 3 * size]);
    at += 4 * size;
  }
  for (var rest = params.splits % 4; rest > 0; rest--) {
    sum += partials[at];
    at += size;
  }
  if (i < params.n) {
    if (params.accumulate == 1) { sum += y[i]; }
    y[i] = sum;
  } else {
    if (params.accumulate == 1) { sum += second[i - params.n]; }
    second[i - params.n] = sum;
  }
}
