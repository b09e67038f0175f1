// Padding to rows of any length (see lib/pad.wgsl).
//#include lib/write_scalars.wgsl
//#include padding/lib/pad.wgsl
