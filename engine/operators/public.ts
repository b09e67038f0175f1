// The public operators: engine/index.ts exports them, and engine/chained.ts makes methods of them.
export { reshape } from "../core/reshape.js";
export {
  type Conv1dOptions,
  type ConvTranspose2dOptions,
  conv1d,
  conv2d,
  convTranspose2d,
  type GeneralConv2dOptions as Conv2dOptions,
} from "./convolution/index.js";
export { arange, dropout, eye, full, ones, rand, randn, type Seed, zeros } from "./creation/index.js";
export { einsum } from "./einsum/index.js";
export { argmax, argmin, max, min } from "./extrema/index.js";
export { embedding, gather, gatherPositions, indexSelect } from "./gather/index.js";
export { type InstanceNormOptions, instanceNorm } from "./instance-norm/index.js";
export {
  bceWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  type LossOptions,
  l1Loss,
  mseLoss,
  type NllLossOptions,
  nllLoss,
  type SmoothL1LossOptions,
  smoothL1Loss,
} from "./losses/index.js";
export { linear, type MatmulOptions, matmul } from "./matmul/index.js";
export {
  type BatchNormOptions,
  batchNorm2d,
  groupNorm,
  layerNorm,
  logSoftmax,
  logsumexp,
  type NormOptions,
  softmax,
  variance,
} from "./normalization/index.js";
export { reflectionPad2d, replicationPad2d } from "./padding/index.js";
export {
  fusedPatchNce,
  type HdceOptions,
  type Head,
  hdce,
  l2Normalize,
  type MonceOptions,
  monce,
  type PatchNceOptions,
  patchKeys,
  patchNce,
} from "./patch-nce/index.js";
export {
  type FromImageOptions,
  fromImage,
  type ImagePixels,
  type ImageSource,
  toCanvas,
  toImageData,
} from "./pictures/index.js";
export {
  abs,
  add,
  clamp,
  cos,
  div,
  eq,
  erf,
  exp,
  ge,
  gelu,
  gt,
  le,
  leakyRelu,
  leakyReluGradient,
  log,
  lt,
  maximum,
  minimum,
  mul,
  ne,
  neg,
  type Operand,
  pow,
  reciprocal,
  relu,
  rsqrt,
  scale,
  sigmoid,
  sign,
  silu,
  sin,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
} from "./pointwise/index.js";
export {
  type AvgPoolOptions,
  adaptiveAvgPool2d,
  avgPool2d,
  maxPool2d,
  type PoolOptions,
} from "./pooling/index.js";
export { expand, mean, sum } from "./reduction/index.js";
export { blurDown, blurUp, type InterpolateOptions, interpolate } from "./resample/index.js";
export { cast, where } from "./selection/index.js";
export {
  concat,
  flatten,
  flip,
  type PadOptions,
  pad,
  permute,
  slice,
  split,
  squeeze,
  stack,
  transpose,
  unsqueeze,
} from "./strided/index.js";
