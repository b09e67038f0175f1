// dx = the input gradient of conv2d_general: every element gathers from the outputs that it contributed to, in a fixed
// order; layouts as in lib/general.wgsl. One element of dx per invocation.
//#include convolution/lib/general.wgsl

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = i32(flat_index(group, groups, local, WORKGROUP));
  let line = at / params.width;
  let plane = line / params.height;
  let channels = params.groups * params.in_c;
  let n = plane / channels;
  if (n >= params.batch) { return; }
  let channel = plane - n * channels;
  let g = channel / params.in_c;
  let row = line - plane * params.height + params.pad_h;
  let column = at - line * params.width + params.pad_w;
  var sum = 0.0;
  for (var o = g * params.out_c; o < (g + 1) * params.out_c; o++) {
    let source = (n * params.groups * params.out_c + o) * params.out_h;
    let weights = (o * params.in_c + channel - g * params.in_c) * params.kh;
    for (var j = 0; j < params.kh; j++) {
      let y = row - j * params.dilation_h;
      if (y < 0 || y % params.stride_h != 0 || y / params.stride_h >= params.out_h) { continue; }
      for (var i = 0; i < params.kw; i++) {
        let x = column - i * params.dilation_w;
        if (x < 0 || x % params.stride_w != 0 || x / params.stride_w >= params.out_w) { continue; }
        let from_dy = dy[(source + y / params.stride_h) * params.out_w + x / params.stride_w];
        sum += from_dy * w[(weights + j) * params.kw + i];
      }
    }
  }
  dx[at] = sum;
}
