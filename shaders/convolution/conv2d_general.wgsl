// y = the cross-correlation of x with w; layouts as in lib/general.wgsl. The fallback for groups, dilation and options
// that differ between the axes; mostly memory-bound, so it has no tiles. Four neighbouring outputs of a row per
// invocation, which share weights and addresses. Loads outside x are clamped to its edge and masked.
// With FLIPPED the kernel w [groups * in_c, out_c, kh, kw] is rotated by 180 degrees: the input gradient of a
// convolution of stride 1, x being its dy.
const FLIPPED: bool = false; // @tunable

//#include convolution/lib/general.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = i32(flat_index(group, groups, local, WORKGROUP));
  let vec4s = (params.out_w + 3) / 4;
  let line = at / vec4s;
  let plane = line / params.out_h;
  let channels = params.groups * params.out_c;
  let n = plane / channels;
  if (n >= params.batch) { return; }
  let o = plane - n * channels;
  let g = o / params.out_c;
  let column = 4 * (at - line * vec4s);
  let top = (line - plane * params.out_h) * params.stride_h - params.pad_h;
  let left = (column + vec4i(0, 1, 2, 3)) * params.stride_w - params.pad_w;
  let kernel_size = params.kh * params.kw;
  var sum = vec4f();
  for (var c = 0; c < params.in_c; c++) {
    let source = ((n * params.groups + g) * params.in_c + c) * params.height;
    let pair = select(o * params.in_c + c, (g * params.in_c + c) * params.out_c + o - g * params.out_c, FLIPPED);
    for (var j = 0; j < params.kh; j++) {
      let row = top + j * params.dilation_h;
      if (row < 0 || row >= params.height) { continue; }
      let start = (source + row) * params.width;
      for (var i = 0; i < params.kw; i++) {
        let element = j * params.kw + i;
        let columns = left + i * params.dilation_w;
        let nearest = clamp(columns, vec4i(), vec4i(params.width - 1));
        let at_x = start + nearest;
        let values = vec4f(x[at_x.x], x[at_x.y], x[at_x.z], x[at_x.w]);
        let weight = w[pair * kernel_size + select(element, kernel_size - 1 - element, FLIPPED)];
        sum += select(vec4f(), values, nearest == columns) * weight;
      }
    }
  }
  let to = line * params.out_w + column;
  for (var k = 0; k < min(4, params.out_w - column); k++) { y[to + k] = sum[k]; }
}
