// The adjoint of anti-aliased downsampling for rows of whole vec4s (see lib/blur_down_gradient.wgsl).
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/write_vec4s.wgsl
//#include resample/lib/blur_down_gradient.wgsl
