// y = the average of every window of x; layouts and grid as in lib/windows.wgsl.
//#include pooling/lib/windows.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include pooling/lib/average.wgsl

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let runs = (params.out_w + PER_THREAD - 1) / PER_THREAD;
  let at = i32(flat_index(group, groups, local, WORKGROUP));
  let line = at / runs;
  let plane = line / params.out_h;
  if (plane >= params.planes) { return; }
  let j = line - plane * params.out_h;
  let top = j * params.stride_h - params.pad_h;
  for (var k = 0; k < PER_THREAD; k++) {
    let i = (at - line * runs) * PER_THREAD + k;
    if (PER_THREAD > 1 && i >= params.out_w) { break; }
    let left = i * params.stride_w - params.pad_w;
    var sum = 0.0;
    for (var row = max(top, 0); row < min(top + params.kh, params.height); row++) {
      let start = (plane * params.height + row) * params.width;
      for (var column = max(left, 0); column < min(left + params.kw, params.width); column++) {
        sum += x[start + column];
      }
    }
    y[line * params.out_w + i] = sum * weight_of(top, left);
  }
}
