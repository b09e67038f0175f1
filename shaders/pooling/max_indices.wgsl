// y = the index (row * width + column) of the largest element of every window of x, the first of equal ones; layouts as
// in lib/windows.wgsl. One window per invocation.
//#include pooling/lib/windows.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<i32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = i32(flat_index(group, groups, local, WORKGROUP));
  let line = at / params.out_w;
  let plane = line / params.out_h;
  if (plane >= params.planes) { return; }
  let top = max((line - plane * params.out_h) * params.stride_h - params.pad_h, 0);
  let left = max((at - line * params.out_w) * params.stride_w - params.pad_w, 0);
  let bottom = min((line - plane * params.out_h) * params.stride_h - params.pad_h + params.kh, params.height);
  let right = min((at - line * params.out_w) * params.stride_w - params.pad_w + params.kw, params.width);
  let start = plane * params.height * params.width;
  var index = top * params.width + left;
  var highest = x[start + index];
  for (var row = top; row < bottom; row++) {
    for (var column = left; column < right; column++) {
      let here = row * params.width + column;
      if (x[start + here] > highest) {
        highest = x[start + here];
        index = here;
      }
    }
  }
  y[at] = index;
}
