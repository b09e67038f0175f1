// Four neighbours of x from `at` on, a multiple of 4, where rows of x are whole vec4s.
@group(0) @binding(2) var<storage, read> x_vec4s: array<vec4f>; // the same buffer as x

fn x_quad(at: u32) -> vec4f { return x_vec4s[at / 4]; }
