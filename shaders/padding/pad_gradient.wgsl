// The adjoint of pad: dx gathers from dy all places that the forward pass filled from it, in a fixed order.
// Along an axis of n, element i was written to i + pad, and, by reflection, to pad - i if 1 <= i <= pad and to
// 2 (n - 1) - i + pad if n - 1 - pad <= i <= n - 2; by replication, an edge went to all of its border.
// dy [planes, height + 2 pad, width + 2 pad] -> dx [planes, height, width]. One strip of dx per invocation.
const REFLECT: bool = true; // @tunable
const ACCUMULATE: bool = false; // @tunable whether dx is added to

struct Params { planes: u32, height: u32, width: u32, pad: u32 }

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/strip.wgsl

// The sum over the columns that element i of a row was written to: by replication a run [first, last], by reflection up
// to three.
fn row_sum(row: u32, i: i32, n: i32, pad: i32) -> f32 {
  if (REFLECT) {
    var sum = dy[row + u32(i + pad)];
    if (i >= 1 && i <= pad) { sum += dy[row + u32(pad - i)]; }
    if (i >= n - 1 - pad && i <= n - 2) { sum += dy[row + u32(2 * (n - 1) - i + pad)]; }
    return sum;
  }
  let first = select(i + pad, 0, i == 0);
  let last = select(i + pad, n - 1 + 2 * pad, i == n - 1);
  var sum = 0.0;
  for (var j = first; j <= last; j++) { sum += dy[row + u32(j)]; }
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let strip = strip_of(group, groups, local, params.height, params.width);
  if (strip.plane >= params.planes) { return; }
  let j = i32(strip.row);
  let n = i32(params.height);
  let pad = i32(params.pad);
  let width = params.width + 2 * params.pad;
  let plane = strip.plane * (params.height + 2 * params.pad) * width;
  let at = (strip.plane * params.height + strip.row) * params.width;
  for (var i = i32(strip.column); i < i32(strip.end); i++) {
    var sum = 0.0;
    if (REFLECT) {
      sum = row_sum(plane + u32(j + pad) * width, i, i32(params.width), pad);
      if (j >= 1 && j <= pad) { sum += row_sum(plane + u32(pad - j) * width, i, i32(params.width), pad); }
      if (j >= n - 1 - pad && j <= n - 2) {
        sum += row_sum(plane + u32(2 * (n - 1) - j + pad) * width, i, i32(params.width), pad);
      }
    } else {
      let first = select(j + pad, 0, j == 0);
      let last = select(j + pad, n - 1 + 2 * pad, j == n - 1);
      for (var k = first; k <= last; k++) { sum += row_sum(plane + u32(k) * width, i, i32(params.width), pad); }
    }
    if (ACCUMULATE) { sum += dx[at + u32(i)]; }
    dx[at + u32(i)] = sum;
  }
}
