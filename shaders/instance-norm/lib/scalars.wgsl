// Instance norm by scalars, for planes of any size.
alias Element = f32;

fn sum_of(v: Element) -> f32 { return v; }
