// Draws planes [C, H, W] in [-1, 1] on a render target of H x W, one texel per fragment. Values are rounded down to
// 8-bit levels, so that a canvas shows exactly the bytes that are saved to a file.
struct Params { width: u32, height: u32, channels: u32 }

@group(0) @binding(0) var<storage, read> planes: array<f32>;
@group(0) @binding(1) var<uniform> params: Params;

@vertex
fn cover(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
  // One triangle that covers the target.
  return vec4f(select(-1.0, 3.0, index == 1), select(-1.0, 3.0, index == 2), 0.0, 1.0);
}

fn level(at: u32) -> f32 {
  return floor((clamp(planes[at], -1.0, 1.0) + 1.0) * 0.5 * 255.0) / 255.0;
}

@fragment
fn main(@builtin(position) position: vec4f) -> @location(0) vec4f {
  let area = params.width * params.height;
  let at = u32(position.y) * params.width + u32(position.x);
  let red = level(at);
  if (params.channels == 1) { return vec4f(red, red, red, 1.0); }
  return vec4f(red, level(at + area), level(at + 2 * area), 1.0);
}
