// The operations of two operands that binary and binary_broadcast both know, under the same numbers.
const ADD: u32 = 0; // @op
const SUB: u32 = 1; // @op
const MUL: u32 = 2; // @op
const DIV: u32 = 3; // @op
