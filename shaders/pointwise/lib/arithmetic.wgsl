// Operations of two operands, with the same numbers in binary and in the broadcasting kernels.
const ADD: u32 = 0; // @op
const SUB: u32 = 1; // @op
const MUL: u32 = 2; // @op
const DIV: u32 = 3; // @op
const MAXIMUM: u32 = 4; // @op
const MINIMUM: u32 = 5; // @op
const GREATER: u32 = 6; // @op 1 where a > b, else 0
const EQUAL: u32 = 7; // @op 1 where a = b, else 0
const MASK: u32 = 8; // @op a where b is not 0, else 0
