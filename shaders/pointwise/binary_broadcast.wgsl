// y = f(a, b) where a and b broadcast.
alias Element = f32;
//#include pointwise/lib/broadcast.wgsl
