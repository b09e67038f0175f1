// y = the index (row * width + column) of the largest element of every window of x, the first of equal ones; layouts
// and grid as in lib/windows.wgsl.
//#include pooling/lib/windows.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<i32>;
@group(0) @binding(2) var<uniform> params: Params;

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
    var index = max(top, 0) * params.width + max(left, 0);
    var highest = x[plane * params.height * params.width + index];
    for (var row = max(top, 0); row < min(top + params.kh, params.height); row++) {
      let start = (plane * params.height + row) * params.width;
      for (var column = max(left, 0); column < min(left + params.kw, params.width); column++) {
        let value = x[start + column];
        let higher = value > highest;
        index = select(index, row * params.width + column, higher);
        highest = select(highest, value, higher);
      }
    }
    y[line * params.out_w + i] = index;
  }
}
