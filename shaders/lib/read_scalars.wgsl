// Four neighbours of x from `at` on, where rows of x have any length.
fn x_quad(at: u32) -> vec4f { return vec4f(x[at], x[at + 1], x[at + 2], x[at + 3]); }
