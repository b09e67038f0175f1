// Padding by reflection (mirrored without repeating the edge) or replication (the edge repeated), the same on all four
// sides. x [planes, height, width] -> y [planes, height + 2 pad, width + 2 pad].
const REFLECT: bool = true; // @tunable else replication

struct Params { planes: u32, height: u32, width: u32, pad: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

// The source coordinates of padded coordinates i along an axis of n; beyond the padding they are arbitrary, but valid.
fn sources(i: vec4i, n: i32) -> vec4u {
  let inside = i - i32(params.pad);
  let mirrored = n - 1 - abs(n - 1 - abs(inside));
  return vec4u(clamp(select(inside, mirrored, REFLECT), vec4i(), vec4i(n - 1)));
}

fn y_size() -> vec3u {
  return vec3u(params.planes, params.height + 2 * params.pad, params.width + 2 * params.pad);
}

fn compute_y(plane: u32, row: u32, column: u32) -> vec4f {
  let line = plane * params.height + sources(vec4i(i32(row)), i32(params.height)).x;
  let at = line * params.width + sources(i32(column) + vec4i(0, 1, 2, 3), i32(params.width));
  return vec4f(x[at.x], x[at.y], x[at.z], x[at.w]);
}

//#include lib/vec4_rows.wgsl
