// Instance norm for planes of any size (see lib/instance_norm.wgsl). Grid: planes, flat.
alias Element = f32;

fn sum_of(v: Element) -> f32 { return v; }

//#include instance-norm/lib/instance_norm.wgsl
