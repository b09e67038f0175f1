// y = f(x), element-wise: functions that WGSL itself computes well. a and b are parameters of f.
//#include pointwise/lib/unary.wgsl
const OP: u32 = 0; // @tunable one of the operations above

//#include pointwise/lib/each.wgsl
