// Loads four neighbours of x, the first at index `at`, where rows of x may have any length.
fn load_x(at: u32) -> vec4f { return vec4f(x[at], x[at + 1], x[at + 2], x[at + 3]); }
