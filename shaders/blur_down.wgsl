// Anti-aliased downsampling by 2 (cut.md 2.1; R. Zhang, "Making convolutional networks shift-invariant again", 2019):
// taps [1,2,1]/4 along both axes over x mirrored by one, then every second pixel.
// x [planes, height, width] -> y [planes, (height - 1) / 2 + 1, (width - 1) / 2 + 1]. One output an invocation.
struct Params { planes: u32, height: u32, width: u32, out_height: u32, out_width: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/index.wgsl

fn mirrored(i: i32, n: u32) -> u32 {
  let a = abs(i);
  return u32(min(a, 2 * (i32(n) - 1) - a));
}

fn row_blur(row: u32, i: i32) -> f32 {
  return 0.25 * (x[row + mirrored(i - 1, params.width)] + x[row + mirrored(i + 1, params.width)]) + 0.5 * x[row + u32(i)];
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let at = flat_index(group, groups, local, 64);
  if (at >= params.planes * params.out_height * params.out_width) { return; }
  let i = 2 * i32(at % params.out_width);
  let line = at / params.out_width;
  let j = 2 * i32(line % params.out_height);
  let plane = (line / params.out_height) * params.height * params.width;
  let above = row_blur(plane + mirrored(j - 1, params.height) * params.width, i);
  let here = row_blur(plane + u32(j) * params.width, i);
  let below = row_blur(plane + mirrored(j + 1, params.height) * params.width, i);
  y[at] = 0.25 * (above + below) + 0.5 * here;
}
