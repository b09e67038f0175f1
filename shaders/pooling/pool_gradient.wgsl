// The gradient of pooling: each element of dx sums dy over the windows that contain it, in a fixed order: times its
// weight in the average, or where it is the window's maximum. dx [planes, height, width], dy and indices [planes,
// out_h, out_w]; averages bind any buffer as indices. Grid as in lib/windows.wgsl.
const AVERAGE: u32 = 0; // @op
const MAXIMUM: u32 = 1; // @op
const OP: u32 = 0; // @tunable one of the operations above
//#include pooling/lib/windows.wgsl

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

//#include pooling/lib/average.wgsl

// The first window whose last element is not before `at`.
fn first_window(at: i32, kernel: i32, stride: i32) -> i32 {
  return max(at - kernel + stride, 0) / stride;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let runs = (params.width + PER_THREAD - 1) / PER_THREAD;
  let at = i32(flat_index(group, groups, local, WORKGROUP));
  let line = at / runs;
  let plane = line / params.height;
  if (plane >= params.planes) { return; }
  let row = line - plane * params.height;
  let first = (at - line * runs) * PER_THREAD;
  let top = first_window(row + params.pad_h, params.kh, params.stride_h);
  let bottom = min((row + params.pad_h) / params.stride_h, params.out_h - 1);
  var left = first_window(first + params.pad_w, params.kw, params.stride_w);
  var right = (first + params.pad_w) / params.stride_w;
  for (var k = 0; k < PER_THREAD; k++) {
    let column = first + k;
    if (PER_THREAD > 1 && column >= params.width) { break; }
    var sum = 0.0;
    for (var j = top; j <= bottom; j++) {
      for (var i = left; i <= min(right, params.out_w - 1); i++) {
        let window = (plane * params.out_h + j) * params.out_w + i;
        if (OP == MAXIMUM) {
          if (indices[window] == row * params.width + column) { sum += dy[window]; }
        } else {
          sum += dy[window] * weight_of(j * params.stride_h - params.pad_h, i * params.stride_w - params.pad_w);
        }
      }
    }
    dx[line * params.width + column] = sum;
    // The first and last windows of the next column.
    let next = column + 1 + params.pad_w;
    left += i32(left * params.stride_w + params.kw <= next);
    right += i32((right + 1) * params.stride_w <= next);
  }
}
