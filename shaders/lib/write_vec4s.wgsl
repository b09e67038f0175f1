// What image kernels write, where rows of y are whole vec4s.
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

fn y_quad(at: u32) -> vec4f { return y[at / 4]; }

fn write_quad(at: u32, count: u32, v: vec4f) { y[at / 4] = v; }
