// y = the cross-correlation of x with w; layouts as in lib/general.wgsl, but those of w are strides: turned round, with
// channels exchanged, they give the gradient of the input where strides of the convolution are 1. Four neighbouring
// outputs of a row per invocation, which share their weights and where they begin, without tiles: for convolutions that
// the other kernels do not know, most of which do little with each element. Taps beyond the borders are read from
// inside and count nothing.
const WORKGROUP: u32 = 64;

struct Params {
  batch: i32, groups: i32, in_c: i32, out_c: i32, height: i32, width: i32, out_h: i32, out_w: i32,
  kernel_h: i32, kernel_w: i32, stride_h: i32, stride_w: i32, pad_h: i32, pad_w: i32,
  dilation_h: i32, dilation_w: i32,
  w_base: i32, w_group: i32, w_out: i32, w_in: i32, w_row: i32, w_column: i32,
}

//#include lib/index.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = i32(flat_index(group, groups, local, WORKGROUP));
  let quads = (params.out_w + 3) / 4;
  let line = at / quads;
  let plane = line / params.out_h;
  let channels = params.groups * params.out_c;
  let n = plane / channels;
  if (n >= params.batch) { return; }
  let o = plane - n * channels;
  let g = o / params.out_c;
  let weights = params.w_base + g * params.w_group + (o - g * params.out_c) * params.w_out;
  let column = 4 * (at - line * quads);
  let top = (line - plane * params.out_h) * params.stride_h - params.pad_h;
  let left = (column + vec4i(0, 1, 2, 3)) * params.stride_w - params.pad_w;
  var sum = vec4f();
  for (var c = 0; c < params.in_c; c++) {
    let source = ((n * params.groups + g) * params.in_c + c) * params.height;
    let taps = weights + c * params.w_in;
    for (var j = 0; j < params.kernel_h; j++) {
      let row = top + j * params.dilation_h;
      if (row < 0 || row >= params.height) { continue; }
      let start = (source + row) * params.width;
      for (var i = 0; i < params.kernel_w; i++) {
        let columns = left + i * params.dilation_w;
        let nearest = clamp(columns, vec4i(), vec4i(params.width - 1));
        let at_x = start + nearest;
        let values = vec4f(x[at_x.x], x[at_x.y], x[at_x.z], x[at_x.w]);
        sum += select(vec4f(), values, nearest == columns) * w[taps + j * params.w_row + i * params.w_column];
      }
    }
  }
  let to = line * params.out_w + column;
  for (var k = 0; k < min(4, params.out_w - column); k++) { y[to + k] = sum[k]; }
}
