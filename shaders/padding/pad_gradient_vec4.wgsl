// The adjoint of padding for rows of whole vec4s (see lib/pad_gradient.wgsl).
//#include lib/write_vec4s.wgsl
//#include padding/lib/pad_gradient.wgsl
