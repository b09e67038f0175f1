// Anti-aliased downsampling by 2 for rows of any length (see lib/blur_down.wgsl).
@group(0) @binding(3) var<uniform> params: Params;

//#include lib/read_scalars.wgsl
//#include lib/write_scalars.wgsl
//#include resample/lib/blur_down.wgsl
