// y = the cross-correlation of x with w; layouts as in lib/general.wgsl. Four neighbouring outputs of a row per
// invocation, which share their weights and where they begin, without tiles: for convolutions that the other kernels do
// not know, most of which do little with each element. Taps beyond the borders are read from inside and count nothing.
// TURNED, the taps of w [groups * in_c, out_c, kernel_h, kernel_w] are turned round: the adjoint of a convolution whose
// strides are 1, with x in the place of its dy.
const TURNED: bool = false; // @tunable

//#include convolution/lib/general.wgsl

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
  let column = 4 * (at - line * quads);
  let top = (line - plane * params.out_h) * params.stride_h - params.pad_h;
  let left = (column + vec4i(0, 1, 2, 3)) * params.stride_w - params.pad_w;
  let taps = params.kernel_h * params.kernel_w;
  var sum = vec4f();
  for (var c = 0; c < params.in_c; c++) {
    let source = ((n * params.groups + g) * params.in_c + c) * params.height;
    let pair = select(o * params.in_c + c, (g * params.in_c + c) * params.out_c + o - g * params.out_c, TURNED);
    for (var j = 0; j < params.kernel_h; j++) {
      let row = top + j * params.dilation_h;
      if (row < 0 || row >= params.height) { continue; }
      let start = (source + row) * params.width;
      for (var i = 0; i < params.kernel_w; i++) {
        let tap = j * params.kernel_w + i;
        let columns = left + i * params.dilation_w;
        let nearest = clamp(columns, vec4i(), vec4i(params.width - 1));
        let at_x = start + nearest;
        let values = vec4f(x[at_x.x], x[at_x.y], x[at_x.z], x[at_x.w]);
        sum += select(vec4f(), values, nearest == columns) * w[pair * taps + select(tap, taps - 1 - tap, TURNED)];
      }
    }
  }
  let to = line * params.out_w + column;
  for (var k = 0; k < min(4, params.out_w - column); k++) { y[to + k] = sum[k]; }
}
