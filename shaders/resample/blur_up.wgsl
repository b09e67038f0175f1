// Anti-aliased upsampling by 2 (docs/method.md section 2.1), bilinear with half-pixel centres: along both axes
// y[2k] = x[k-1]/4 + 3 x[k]/4 and y[2k+1] = 3 x[k]/4 + x[k+1]/4, indices clamped to the edge.
// x [planes, height, width] -> y [planes, 2 height, 2 width]. One strip of outputs per invocation.

struct Params { planes: u32, height: u32, width: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/strip.wgsl

// The neighbour that weighs 1/4 in output i.
fn neighbour(i: u32, n: u32) -> u32 {
  return u32(clamp(i32(i / 2) + select(1, -1, i % 2 == 0), 0, i32(n) - 1));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let out_width = 2 * params.width;
  let out_height = 2 * params.height;
  let strip = strip_of(group, groups, local, out_height, out_width);
  if (strip.plane >= params.planes) { return; }
  let plane = strip.plane * params.height * params.width;
  let near = plane + (strip.row / 2) * params.width;
  let far = plane + neighbour(strip.row, params.height) * params.width;
  let to = (strip.plane * out_height + strip.row) * out_width;
  for (var i = strip.column; i < strip.end; i++) {
    let k = i / 2;
    let side = neighbour(i, params.width);
    y[to + i] = 0.75 * (0.75 * x[near + k] + 0.25 * x[near + side]) + 0.25 * (0.75 * x[far + k] + 0.25 * x[far + side]);
  }
}
