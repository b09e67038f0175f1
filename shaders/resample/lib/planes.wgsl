// Shared by all filters of this family: x [planes, height, width] -> y [planes, out_height, out_width].
struct Params { planes: u32, height: u32, width: u32, out_height: u32, out_width: u32, slope: f32, gated: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;

fn y_size() -> vec3u { return vec3u(params.planes, params.out_height, params.out_width); }

//#include lib/vec4_rows.wgsl
