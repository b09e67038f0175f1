// Loads four neighbours of x, the first at index `at`, a multiple of 4: widths are multiples of 4, and x_vec4s is the
// same buffer as x.
fn load_x(at: u32) -> vec4f { return x_vec4s[at / 4]; }
