// Anti-aliased upsampling by 2 for rows of whole vec4s (see lib/blur_up.wgsl).
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/write_vec4s.wgsl
//#include resample/lib/blur_up.wgsl
