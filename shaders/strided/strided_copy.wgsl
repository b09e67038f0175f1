// y[sink + sum of i_k * t_k] = x[source + sum of i_k * s_k] for every i_k below n_k: a copy from one strided view to
// another, over up to six axes, the fastest first. Strides of x may be negative (a flip). AXES is the number of axes,
// so that contiguous copies need no divisions. Elements are copied as bits, so that they may be f32 or i32. PER_THREAD
// neighbours along the fastest axis per invocation.
const WORKGROUP: u32 = 64;
const AXES: u32 = 6; // @tunable
const PER_THREAD: u32 = 1; // @tunable
const ACCUMULATE: bool = false; // @tunable whether x is added to y; both are then f32

struct Params {
  source: i32, sink: i32, rows: u32, n0: u32, s0: i32, t0: i32,
  n1: u32, n2: u32, n3: u32, n4: u32,
  s1: i32, s2: i32, s3: i32, s4: i32, s5: i32,
  t1: i32, t2: i32, t3: i32, t4: i32, t5: i32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = flat_index(group, groups, local, WORKGROUP);
  var first = at * PER_THREAD;
  var rest = 0u;
  var row = vec2i(params.source, params.sink);
  if (AXES > 1) {
    let chunks = (params.n0 + PER_THREAD - 1) / PER_THREAD;
    rest = at / chunks;
    first = (at - rest * chunks) * PER_THREAD;
    if (rest >= params.rows) { return; }
    row += i32(rest % params.n1) * vec2i(params.s1, params.t1);
    rest /= params.n1;
  }
  if (AXES > 2) { row += i32(rest % params.n2) * vec2i(params.s2, params.t2); rest /= params.n2; }
  if (AXES > 3) { row += i32(rest % params.n3) * vec2i(params.s3, params.t3); rest /= params.n3; }
  if (AXES > 4) { row += i32(rest % params.n4) * vec2i(params.s4, params.t4); rest /= params.n4; }
  if (AXES > 5) { row += i32(rest) * vec2i(params.s5, params.t5); }
  let end = min(first + PER_THREAD, params.n0);
  for (var i = i32(first); i < i32(end); i++) {
    let to = row.y + i * params.t0;
    var v = x[row.x + i * params.s0];
    if (ACCUMULATE) { v = bitcast<u32>(bitcast<f32>(v) + bitcast<f32>(y[to])); }
    y[to] = v;
  }
}
