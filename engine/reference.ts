// The reference operators: float64, one thread, forward and gradient.

export * from "./operators/convolution/reference.js";
export * from "./operators/creation/reference.js";
export * from "./operators/einsum/reference.js";
export * from "./operators/extrema/reference.js";
export * from "./operators/gather/reference.js";
export * from "./operators/instance-norm/reference.js";
export { build, type Dense, dense, element, fromFloat32, zeros } from "./operators/lib/reference/dense.js";
export * from "./operators/losses/reference.js";
export * from "./operators/matmul/reference.js";
export * from "./operators/normalization/reference.js";
export * from "./operators/padding/reference.js";
export * from "./operators/patch-nce/reference.js";
export * from "./operators/pointwise/reference.js";
export * from "./operators/pooling/reference.js";
export * from "./operators/reduction/reference.js";
export * from "./operators/resample/reference.js";
export * from "./operators/selection/reference.js";
export * from "./operators/strided/reference.js";
export * from "./optimizers/reference.js";
