// Instance norm for planes of any size (see lib/instance_norm.wgsl). Grid: planes, flat.
//#include instance-norm/lib/scalars.wgsl
//#include instance-norm/lib/instance_norm.wgsl
