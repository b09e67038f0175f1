// How image kernels access y where its width is a multiple of 4.
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

fn load_y(at: u32) -> vec4f { return y[at / 4]; }

fn store_y(at: u32, count: u32, v: vec4f) { y[at / 4] = v; }
