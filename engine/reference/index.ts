// The reference operators: float64, one thread, forward and gradient.
export * from "./adam.js";
export * from "./batch.js";
export * from "./convolution.js";
export { type Dense, dense, fromFloat32, zeros } from "./dense.js";
export * from "./elementwise.js";
export * from "./losses.js";
export * from "./matmul.js";
export * from "./normalization.js";
export * from "./padding.js";
export * from "./patches.js";
export * from "./reduction.js";
export * from "./resample.js";
