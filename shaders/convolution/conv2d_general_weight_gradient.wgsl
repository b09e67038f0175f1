// dw of every image = the adjoint of conv2d_general by w; layouts as in lib/general.wgsl, dw with a leading axis for
// the batch, which a sum takes away. One weight of an image per invocation.
//#include convolution/lib/general.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = i32(flat_index(group, groups, local, WORKGROUP));
  let taps = params.kernel_h * params.kernel_w;
  let pair = at / taps;
  let image = pair / params.in_c;
  let channels = params.groups * params.out_c;
  let n = image / channels;
  if (n >= params.batch) { return; }
  let tap = at - pair * taps;
  let o = image - n * channels;
  let source = (n * params.groups + o / params.out_c) * params.in_c + pair - image * params.in_c;
  let top = tap / params.kernel_w * params.dilation_h - params.pad_h;
  let left = tap % params.kernel_w * params.dilation_w - params.pad_w;
  var sum = 0.0;
  for (var j = 0; j < params.out_h; j++) {
    let row = top + j * params.stride_h;
    if (row < 0 || row >= params.height) { continue; }
    let line = (image * params.out_h + j) * params.out_w;
    for (var i = 0; i < params.out_w; i++) {
      let column = left + i * params.stride_w;
      if (column < 0 || column >= params.width) { continue; }
      sum += x[(source * params.height + row) * params.width + column] * dy[line + i];
    }
  }
  dw[at] = sum;
}
