// The adjoint of anti-aliased upsampling for rows of whole vec4s (see lib/blur_up_gradient.wgsl).
@group(0) @binding(2) var<storage, read> x_vec4s: array<vec4f>; // the same buffer as x
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/read_vec4s.wgsl
//#include lib/write_vec4s.wgsl
//#include resample/lib/blur_up_gradient.wgsl
