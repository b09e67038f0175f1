// Anti-aliased downsampling by 2 for rows of whole vec4s (see lib/blur_down.wgsl).
@group(0) @binding(3) var<storage, read> x_vec4s: array<vec4f>; // the same buffer as x
@group(0) @binding(4) var<uniform> params: Params;

//#include lib/read_vec4s.wgsl
//#include lib/write_vec4s.wgsl
//#include resample/lib/blur_down.wgsl
