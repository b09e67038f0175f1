// Instance norm by vec4s, for planes whose size is a multiple of 4.
alias Element = vec4f;

fn sum_of(v: Element) -> f32 { return (v.x + v.y) + (v.z + v.w); }
