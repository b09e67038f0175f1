// The adjoint of blur_up. Along an axis, x[k] enters y[2k] and y[2k+1] by 3/4, y[2k-1] and y[2k+2] by 1/4; at an edge
// the quarter that would come from beyond it stays with the edge itself.
// dy [planes, 2 height, 2 width] -> dx [planes, height, width]. One strip of dx per invocation.

struct Params { planes: u32, height: u32, width: u32 }

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/strip.wgsl

fn row_sum(row: u32, k: u32) -> f32 {
  let last = k == params.width - 1;
  var sum = select(0.75, 1.0, k == 0) * dy[row + 2 * k] + select(0.75, 1.0, last) * dy[row + 2 * k + 1];
  if (k > 0) { sum += 0.25 * dy[row + 2 * k - 1]; }
  if (!last) { sum += 0.25 * dy[row + 2 * k + 2]; }
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let strip = strip_of(group, groups, local, params.height, params.width);
  if (strip.plane >= params.planes) { return; }
  let l = strip.row;
  let out_width = 2 * params.width;
  let row = 2 * (strip.plane * params.height + l) * out_width;
  let last = l == params.height - 1;
  for (var k = strip.column; k < strip.end; k++) {
    var sum = select(0.75, 1.0, l == 0) * row_sum(row, k) + select(0.75, 1.0, last) * row_sum(row + out_width, k);
    if (l > 0) { sum += 0.25 * row_sum(row - out_width, k); }
    if (!last) { sum += 0.25 * row_sum(row + 2 * out_width, k); }
    dx[(strip.plane * params.height + l) * params.width + k] = sum;
  }
}
