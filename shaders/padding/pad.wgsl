// Padding by reflection (the mirror image, edge not repeated) or replication (the edge repeated), the same on four
// sides. x [planes, height, width] -> y [planes, height + 2 pad, width + 2 pad]. One strip of outputs per invocation.
const REFLECT: bool = true; // @tunable

struct Params { planes: u32, height: u32, width: u32, pad: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/strip.wgsl

fn source(i: i32, n: i32) -> u32 {
  if (REFLECT) {
    let mirrored = abs(i);
    return u32(min(mirrored, 2 * (n - 1) - mirrored));
  }
  return u32(clamp(i, 0, n - 1));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let width = params.width + 2 * params.pad;
  let height = params.height + 2 * params.pad;
  let strip = strip_of(group, groups, local, height, width);
  if (strip.plane >= params.planes) { return; }
  let sy = source(i32(strip.row) - i32(params.pad), i32(params.height));
  let origin = (strip.plane * params.height + sy) * params.width;
  let to = (strip.plane * height + strip.row) * width;
  for (var i = strip.column; i < strip.end; i++) {
    y[to + i] = x[origin + source(i32(i) - i32(params.pad), i32(params.width))];
  }
}
