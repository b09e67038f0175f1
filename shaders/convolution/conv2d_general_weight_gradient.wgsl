// dw = the weight gradient of conv2d_general, for each image by itself; layouts as in lib/general.wgsl, dw with a
// leading batch axis, over which a second pass sums. PER_THREAD neighbouring weights of one image per invocation: more
// than one only where the dilation is the stride, so that a weight reads of x what the next one read for the pixel
// before.
const PER_THREAD: i32 = 1; // @tunable

//#include convolution/lib/general.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let runs = (params.kw + PER_THREAD - 1) / PER_THREAD;
  let at = i32(flat_index(group, groups, local, WORKGROUP));
  let line = at / runs;
  let pair = line / params.kh;
  let image = pair / params.in_c;
  let channels = params.groups * params.out_c;
  let n = image / channels;
  if (n >= params.batch) { return; }
  let o = image - n * channels;
  let source = (n * params.groups + o / params.out_c) * params.in_c + pair - image * params.in_c;
  let first = (at - line * runs) * PER_THREAD;
  let top = (line - pair * params.kh) * params.dilation_h - params.pad_h;
  var sums: array<f32, PER_THREAD>;
  for (var j = 0; j < params.out_h; j++) {
    let row = top + j * params.stride_h;
    if (row < 0 || row >= params.height) { continue; }
    let start = (source * params.height + row) * params.width;
    let line_dy = (image * params.out_h + j) * params.out_w;
    var left = first * params.dilation_w - params.pad_w;
    var values: array<f32, PER_THREAD>;
    for (var k = 1; k < PER_THREAD; k++) { values[k] = value_at(start, left + (k - 1) * params.dilation_w, 1); }
    for (var i = 0; i < params.out_w; i++) {
      let gradient = dy[line_dy + i];
      for (var k = 0; k < PER_THREAD; k++) {
        if (k + 1 < PER_THREAD) {
          values[k] = values[min(k + 1, PER_THREAD - 1)];
        } else {
          values[k] = value_at(start, left + k * params.dilation_w, 1);
        }
        sums[k] += values[k] * gradient;
      }
      left += params.stride_w;
    }
  }
  for (var k = 0; k < PER_THREAD; k++) {
    if (first + k < params.kw) { dw[line * params.kw + first + k] = sums[k]; }
  }
}
