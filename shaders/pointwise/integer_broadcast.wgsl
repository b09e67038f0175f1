// y = f(a, b) where a and b are integers and broadcast; overflow wraps around.
alias Element = i32;
//#include pointwise/lib/broadcast.wgsl
