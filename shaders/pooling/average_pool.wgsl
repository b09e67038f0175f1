// y = the average of every window of x; layouts as in lib/windows.wgsl. One window per invocation.
//#include pooling/lib/windows.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include pooling/lib/average.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = i32(flat_index(group, groups, local, WORKGROUP));
  let line = at / params.out_w;
  let plane = line / params.out_h;
  if (plane >= params.planes) { return; }
  let top = (line - plane * params.out_h) * params.stride_h - params.pad_h;
  let left = (at - line * params.out_w) * params.stride_w - params.pad_w;
  var sum = 0.0;
  for (var row = max(top, 0); row < min(top + params.kh, params.height); row++) {
    let start = (plane * params.height + row) * params.width;
    for (var column = max(left, 0); column < min(left + params.kw, params.width); column++) {
      sum += x[start + column];
    }
  }
  y[at] = sum * weight_of(top, left);
}
