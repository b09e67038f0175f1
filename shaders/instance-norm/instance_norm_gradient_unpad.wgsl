// The gradient of instance norm fused with that of the reflection padding after it: the first pass gathers dy from the
// gradient of the padded tensor (see padding/lib/unpad.wgsl and lib/instance_norm_gradient.wgsl). dy is written where
// others read it too; otherwise dx holds it between the passes. Rows are whole vec4s. Grid: planes, flat.
const ACCUMULATE: bool = false; // @tunable whether the gathered gradient is added to dy
const WRITE_DY: bool = true; // @tunable whether dy is written too

struct Params { planes: u32, size: u32, count: f32, slope: f32, height: u32, width: u32, pad: u32 }

@group(0) @binding(0) var<storage, read> padded: array<f32>;
@group(0) @binding(4) var<storage, read_write> dy: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

fn first_dy(plane: u32, at: u32, inside: bool) -> Element {
  let row = at * 4 / params.width;
  var sum = unpad(plane, row, at * 4 - row * params.width);
  if (ACCUMULATE) { sum += dy[plane * params.size + at]; }
  if (inside && WRITE_DY) { dy[plane * params.size + at] = sum; }
  if (inside && !WRITE_DY) { dx[plane * params.size + at] = sum; }
  return sum;
}

fn second_dy(plane: u32, at: u32) -> Element {
  return select(dx[plane * params.size + at], dy[plane * params.size + at], WRITE_DY);
}

//#include padding/lib/unpad.wgsl
//#include instance-norm/lib/vec4s.wgsl
//#include instance-norm/lib/instance_norm_gradient.wgsl
