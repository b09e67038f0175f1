// For the gradient of instance norm: dy is read from a buffer.
struct Params { planes: u32, size: u32, count: f32, slope: f32 }

@group(0) @binding(0) var<storage, read> dy: array<Element>;
@group(0) @binding(4) var<uniform> params: Params;

fn first_dy(plane: u32, at: u32, inside: bool) -> Element { return dy[plane * params.size + at]; }

fn second_dy(plane: u32, at: u32) -> Element { return dy[plane * params.size + at]; }
