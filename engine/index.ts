// The engine's public face: tensors with gradients on WebGPU, in Node and in the browser. Importing it touches no GPU.

export * from "./core/autograd.js";
export type { CancellationOptions } from "./core/cancellation.js";
export type { Elements, Numbers } from "./core/elements.js";
export * from "./core/errors.js";
export {
  defineOperator,
  type GradientContext,
  type Inputs,
  type Operator,
  type OperatorRecord,
} from "./core/operator.js";
export { reshape } from "./core/reshape.js";
export type { Axes } from "./core/shapes.js";
export { type Dtype, type Shape, Tensor } from "./core/tensor.js";
export type { AdapterTraits, Profile } from "./device/adapter.js";
export { adapterName } from "./device/adapter.js";
export { Gpu } from "./device/gpu.js";
export type { BindingNames, Constants, Grid, KernelSource, Params } from "./device/kernel.js";
export { kernelFromWgsl } from "./device/kernel-from-wgsl.js";
export type { MemoryStatistics } from "./device/memory.js";
export type { DispatchCall, Observer, OperatorCall } from "./device/observers.js";
export { type OpenOptions, openGpu } from "./device/open.js";
export { planningGpu } from "./device/planning.js";
export { loadParameters, saveParameters } from "./formats/parameters.js";
export * from "./formats/pth.js";
export * from "./formats/safetensors.js";
export * from "./formats/state-dict.js";
export { kaimingNormal, kaimingUniform, normal, uniform, xavierNormal, xavierUniform } from "./initialization.js";
export {
  type Conv1dOptions,
  type ConvTranspose2dOptions,
  conv1d,
  conv2d,
  convTranspose2d,
  type GeneralConv2dOptions as Conv2dOptions,
} from "./operators/convolution/index.js";
export { arange, dropout, eye, full, ones, rand, randn, type Seed, zeros } from "./operators/creation/index.js";
export { einsum } from "./operators/einsum/index.js";
export { argmax, argmin, max, min } from "./operators/extrema/index.js";
export { embedding, gather, gatherPositions, indexSelect } from "./operators/gather/index.js";
export { type InstanceNormOptions, instanceNorm } from "./operators/instance-norm/index.js";
export {
  bceWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  l1Loss,
  mseLoss,
  type NllLossOptions,
  nllLoss,
  smoothL1Loss,
} from "./operators/losses/index.js";
export { linear, type MatmulOptions, matmul } from "./operators/matmul/index.js";
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
} from "./operators/normalization/index.js";
export { reflectionPad2d, replicationPad2d } from "./operators/padding/index.js";
export {
  type Head,
  l2Normalize,
  type PatchNceOptions,
  patchKeys,
  patchNce,
  patchNcePath,
} from "./operators/patch-nce/index.js";
export {
  type FromImageOptions,
  fromImage,
  type ImagePixels,
  type ImageSource,
  toCanvas,
  toImageData,
} from "./operators/pictures/index.js";
export {
  abs,
  add,
  clamp,
  cos,
  div,
  eq,
  erf,
  exp,
  gate,
  ge,
  gelu,
  gt,
  le,
  leakyRelu,
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
} from "./operators/pointwise/index.js";
export {
  type AvgPoolOptions,
  adaptiveAvgPool2d,
  avgPool2d,
  maxPool2d,
  type PoolOptions,
} from "./operators/pooling/index.js";
export { expand, mean, sum } from "./operators/reduction/index.js";
export { blurDown, blurUp, type InterpolateOptions, interpolate } from "./operators/resample/index.js";
export { cast, where } from "./operators/selection/index.js";
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
} from "./operators/strided/index.js";
export * from "./optimizers/index.js";
export { Arena, Program, type RecordOptions, record } from "./program/program.js";
export { keepForBackward } from "./program/recording.js";
export type { Rematerialize } from "./program/rematerialization.js";
export { Random } from "./random.js";
export { loadTuning, storeTuning } from "./tuning/browser-store.js";
export { applyTuning, parseTuning, type TuningTable } from "./tuning/table.js";
