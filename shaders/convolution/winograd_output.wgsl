// Winograd's output transform (see shaders/convolution/lib/winograd_output.wgsl), where rows of y have any length.
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

fn write_one(at: u32, v: f32) { y[at] = v; }

fn write_row(at: u32, count: u32, v: vec4f) {
  for (var j = 0u; j < min(M, 4); j++) { if (j < count) { y[at + j] = v[j]; } }
}

//#include convolution/lib/winograd_output.wgsl
