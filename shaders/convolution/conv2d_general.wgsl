// y = the cross-correlation of x with w; layouts as in lib/general.wgsl. The fallback for groups, dilation and options
// that differ between the axes; mostly memory-bound, so it has no tiles. PER_THREAD neighbouring outputs of a row per
// invocation, which share weights and addresses. Loads outside x are clamped to its edge and masked.
// With FLIPPED the kernel w [groups * in_c, out_c, kh, kw] is rotated by 180 degrees: the input gradient of a
// convolution, x being its dy. If UPSAMPLED, that convolution's stride lies between the elements of dy; or it is 1.
// With SLIDES an output reads for a column of the kernel what its neighbour reads for the one before: the dilation is
// the stride.
const FLIPPED: bool = false; // @tunable
const UPSAMPLED: bool = false; // @tunable
const SLIDES: bool = false; // @tunable
const PER_THREAD: i32 = 4; // @tunable

//#include convolution/lib/general.wgsl

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let runs = (params.out_w + PER_THREAD - 1) / PER_THREAD;
  let at = i32(flat_index(group, groups, local, WORKGROUP));
  let line = at / runs;
  let plane = line / params.out_h;
  let channels = params.groups * params.out_c;
  let n = plane / channels;
  if (n >= params.batch) { return; }
  let o = plane - n * channels;
  let g = o / params.out_c;
  let first = (at - line * runs) * PER_THREAD;
  let stride = select(vec2i(params.stride_w, params.stride_h), vec2i(1), UPSAMPLED);
  let step = select(vec2i(1), vec2i(params.stride_w, params.stride_h), UPSAMPLED);
  let top = (line - plane * params.out_h) * stride.y - params.pad_h;
  let kernel_size = params.kh * params.kw;
  var sums: array<f32, PER_THREAD>;
  for (var c = 0; c < params.in_c; c++) {
    let source = ((n * params.groups + g) * params.in_c + c) * params.height;
    let pair = select(o * params.in_c + c, (g * params.in_c + c) * params.out_c + o - g * params.out_c, FLIPPED);
    for (var j = 0; j < params.kh; j++) {
      let below = top + j * params.dilation_h;
      let row = below / step.y;
      if (below < 0 || row * step.y != below || row >= params.height) { continue; }
      let start = (source + row) * params.width;
      var left = first * stride.x - params.pad_w;
      var values: array<f32, PER_THREAD>;
      if (SLIDES) {
        for (var k = 1; k < PER_THREAD; k++) { values[k] = value_at(start, left + (k - 1) * stride.x, step.x); }
      }
      for (var i = 0; i < params.kw; i++) {
        let element = j * params.kw + i;
        let weight = w[pair * kernel_size + select(element, kernel_size - 1 - element, FLIPPED)];
        for (var k = 0; k < PER_THREAD; k++) {
          if (SLIDES && k + 1 < PER_THREAD) {
            values[k] = values[min(k + 1, PER_THREAD - 1)];
          } else {
            values[k] = value_at(start, left + k * stride.x, step.x);
          }
          sums[k] += values[k] * weight;
        }
        left += params.dilation_w;
      }
    }
  }
  for (var k = 0; k < PER_THREAD; k++) {
    if (first + k < params.out_w) { y[line * params.out_w + first + k] = sums[k]; }
  }
}
