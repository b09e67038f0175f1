// Four neighbours of x from `at` on, a multiple of 4, where rows of x are whole vec4s and x_vec4s is the same buffer.
fn x_quad(at: u32) -> vec4f { return x_vec4s[at / 4]; }
