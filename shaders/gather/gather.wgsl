// y[o, j, i] = x[o, ids[o, j, i], i] along one axis: x [outer, n, inner], y [outer, m, inner]; ids have a stride along
// each of y's axes, 0 where they broadcast. An invocation copies PER_THREAD neighbours, since integer division is slow;
// elements of any type are copied as bits.
const PER_THREAD: u32 = 1; // @tunable
//#include gather/lib/along_axis.wgsl

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  var at = flat_index(group, groups, local, WORKGROUP) * PER_THREAD;
  let row = at / params.inner;
  var o = row / params.m;
  var j = row - o * params.m;
  var i = at - row * params.inner;
  for (var k = 0u; k < PER_THREAD; k++) {
    if (o >= params.outer) { break; }
    y[at] = x[(o * params.n + id_at(o, j, i)) * params.inner + i];
    at++;
    i++;
    if (i == params.inner) {
      i = 0;
      j++;
    }
    if (j == params.m) {
      j = 0;
      o++;
    }
  }
}
