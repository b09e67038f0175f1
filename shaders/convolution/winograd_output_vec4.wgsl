// Winograd's output transform (see shaders/convolution/lib/winograd_output.wgsl), where the width of y is a
// multiple of 4 and output tiles are four pixels wide.
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

fn write_one(at: u32, v: f32) { y[at / 4][at % 4] = v; }

fn write_row(at: u32, count: u32, v: vec4f) { y[at / 4] = v; }

//#include convolution/lib/winograd_output.wgsl
