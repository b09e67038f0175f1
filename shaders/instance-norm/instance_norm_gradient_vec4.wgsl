// The gradient of instance norm for planes of whole vec4s (see lib/instance_norm_gradient.wgsl). Grid: planes, flat.
alias Element = vec4f;

fn sum_of(v: Element) -> f32 { return (v.x + v.y) + (v.z + v.w); }

//#include instance-norm/lib/instance_norm_gradient.wgsl
