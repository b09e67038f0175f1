// Anti-aliased downsampling by 2 (docs/method.md section 2.1; R. Zhang, "Making convolutional networks shift-invariant
// again", 2019): taps [1,2,1]/4 along both axes over x mirrored by one, then every second pixel.
// x [planes, height, width] -> y [planes, (height - 1) / 2 + 1, (width - 1) / 2 + 1].
// One strip of outputs per invocation.

struct Params { planes: u32, height: u32, width: u32, out_height: u32, out_width: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/strip.wgsl

fn mirrored(i: i32, n: u32) -> u32 {
  let a = abs(i);
  return u32(min(a, 2 * (i32(n) - 1) - a));
}

fn row_blur(row: u32, i: i32) -> f32 {
  let sides = x[row + mirrored(i - 1, params.width)] + x[row + mirrored(i + 1, params.width)];
  return 0.25 * sides + 0.5 * x[row + u32(i)];
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let strip = strip_of(group, groups, local, params.out_height, params.out_width);
  if (strip.plane >= params.planes) { return; }
  let j = 2 * i32(strip.row);
  let plane = strip.plane * params.height * params.width;
  let above = plane + mirrored(j - 1, params.height) * params.width;
  let here = plane + u32(j) * params.width;
  let below = plane + mirrored(j + 1, params.height) * params.width;
  let to = (strip.plane * params.out_height + strip.row) * params.out_width;
  for (var k = strip.column; k < strip.end; k++) {
    let i = 2 * i32(k);
    y[to + k] = 0.25 * (row_blur(above, i) + row_blur(below, i)) + 0.5 * row_blur(here, i);
  }
}
