// Anti-aliased downsampling by 2 for rows of whole vec4s (see lib/blur_down.wgsl).
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/read_vec4s.wgsl
//#include lib/write_vec4s.wgsl
//#include resample/lib/blur_down.wgsl
