// Element-wise operators: activations, elementary functions, arithmetic and comparisons with
// PyTorch's broadcasting, and their gradients, which are made of the same operators.
export * from "./activations.js";
export * from "./arithmetic.js";
export * from "./comparisons.js";
export { defineBinary, type Operand, withNumbers } from "./define.js";
export * from "./functions.js";
