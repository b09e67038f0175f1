// The adjoint of anti-aliased downsampling for rows of any length (see lib/blur_down_gradient.wgsl).
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/write_scalars.wgsl
//#include resample/lib/blur_down_gradient.wgsl
