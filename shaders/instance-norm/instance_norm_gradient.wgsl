// The gradient of instance norm for planes of any size (see lib/instance_norm_gradient.wgsl). Grid: planes, flat.
//#include instance-norm/lib/scalars.wgsl
//#include instance-norm/lib/dy_given.wgsl
//#include instance-norm/lib/instance_norm_gradient.wgsl
