// What instance norm moves where planes are whole vec4s.
alias Element = vec4f;

fn sum_of(v: Element) -> f32 { return (v.x + v.y) + (v.z + v.w); }
