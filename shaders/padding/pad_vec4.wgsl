// Padding to rows of whole vec4s (see lib/pad.wgsl).
//#include lib/write_vec4s.wgsl
//#include padding/lib/pad.wgsl
