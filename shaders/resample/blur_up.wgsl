// Anti-aliased upsampling by 2 for rows of any length (see lib/blur_up.wgsl).
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/write_scalars.wgsl
//#include resample/lib/blur_up.wgsl
