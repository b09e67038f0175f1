// y = f(x), element-wise: functions whose accuracy WGSL or drivers do not guarantee. Separate from unary.wgsl, so that
// apps that need none of them do not load their text.
//#include pointwise/lib/elementary.wgsl
const OP: u32 = 0; // @tunable one of the operations above

//#include pointwise/lib/each.wgsl
