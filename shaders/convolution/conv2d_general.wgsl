// y = the cross-correlation of x with w; layouts as in lib/general.wgsl. One output per invocation, without tiles: for
// convolutions that the other kernels do not know, most of which do little with each element.
//#include convolution/lib/general.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = i32(flat_index(group, groups, local, WORKGROUP));
  let line = at / params.out_w;
  let plane = line / params.out_h;
  let channels = params.groups * params.out_c;
  let n = plane / channels;
  if (n >= params.batch) { return; }
  let o = plane - n * channels;
  let top = (line - plane * params.out_h) * params.stride_h - params.pad_h;
  let left = (at - line * params.out_w) * params.stride_w - params.pad_w;
  var sum = 0.0;
  for (var c = 0; c < params.in_c; c++) {
    let source = (n * params.groups + o / params.out_c) * params.in_c + c;
    for (var j = 0; j < params.kernel_h; j++) {
      let row = top + j * params.dilation_h;
      if (row < 0 || row >= params.height) { continue; }
      let taps = ((o * params.in_c + c) * params.kernel_h + j) * params.kernel_w;
      for (var i = 0; i < params.kernel_w; i++) {
        let column = left + i * params.dilation_w;
        if (column < 0 || column >= params.width) { continue; }
        sum += x[(source * params.height + row) * params.width + column] * w[taps + i];
      }
    }
  }
  y[at] = sum;
}
