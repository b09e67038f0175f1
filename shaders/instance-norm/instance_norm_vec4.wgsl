// Instance norm for planes whose size is a multiple of 4 (see lib/instance_norm.wgsl). Grid: planes, flat.
//#include instance-norm/lib/vec4s.wgsl
//#include instance-norm/lib/instance_norm.wgsl
