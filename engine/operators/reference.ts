// The reference operators: float64, one thread, forward and gradient.
export * from "../optimizers/reference.js";
export * from "./convolution/reference.js";
export * from "./einsum/reference.js";
export * from "./extrema/reference.js";
export * from "./gather/reference.js";
export * from "./instance-norm/reference.js";
export { build, type Dense, dense, element, fromFloat32, zeros } from "./lib/reference/dense.js";
export * from "./losses/reference.js";
export * from "./matmul/reference.js";
export * from "./normalization/reference.js";
export * from "./padding/reference.js";
export * from "./patch-nce/reference.js";
export * from "./pointwise/reference.js";
export * from "./pooling/reference.js";
export * from "./reduction/reference.js";
export * from "./resample/reference.js";
export * from "./selection/reference.js";
export * from "./strided/reference.js";
