// dw = the weight gradient of conv2d_general, for each image by itself; layouts as in lib/general.wgsl, dw with a
// leading batch axis, over which a second pass sums. One weight of one image per invocation.
//#include convolution/lib/general.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = i32(flat_index(group, groups, local, WORKGROUP));
  let kernel_size = params.kh * params.kw;
  let pair = at / kernel_size;
  let image = pair / params.in_c;
  let channels = params.groups * params.out_c;
  let n = image / channels;
  if (n >= params.batch) { return; }
  let element = at - pair * kernel_size;
  let o = image - n * channels;
  let source = (n * params.groups + o / params.out_c) * params.in_c + pair - image * params.in_c;
  let top = element / params.kw * params.dilation_h - params.pad_h;
  let left = element % params.kw * params.dilation_w - params.pad_w;
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
