// The adjoint of anti-aliased upsampling for rows of any length (see lib/blur_up_gradient.wgsl).
@group(0) @binding(2) var<uniform> params: Params;

//#include lib/read_scalars.wgsl
//#include lib/write_scalars.wgsl
//#include resample/lib/blur_up_gradient.wgsl
