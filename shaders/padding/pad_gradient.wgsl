// The adjoint of padding for rows of any length (see lib/pad_gradient.wgsl).
//#include lib/write_scalars.wgsl
//#include padding/lib/pad_gradient.wgsl
