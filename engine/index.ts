// The engine's public face: tensors with gradients on WebGPU, in Node and in the browser. Importing it touches no GPU.
export { adapterName } from "./adapter-name.js";
export * from "./autograd.js";
export { kernelFromWgsl } from "./custom-kernel.js";
export * from "./errors.js";
export * from "./formats/pth.js";
export * from "./formats/safetensors.js";
export * from "./formats/state-dict.js";
export { type AdapterTraits, Gpu, type OpenOptions, openGpu, type Profile } from "./gpu.js";
export { fromImage, type ImagePixels, type ImageSource, toCanvas, toImageData } from "./images.js";
export type { BindingNames, Constants, Grid, KernelSource, Params } from "./kernel.js";
export type { LongWork } from "./long-work.js";
export type { MemoryStatistics } from "./memory.js";
export { defineOperator, type GradientContext, type Inputs, type Operator, type OperatorRecord } from "./operator.js";
export { concat, flipHorizontal, slice } from "./operators/batch.js";
export { type Conv2dOptions, type ConvTranspose2dOptions, conv2d, convTranspose2d } from "./operators/convolution.js";
export {
  add,
  div,
  expand,
  gate,
  leakyRelu,
  mul,
  relu,
  scale,
  sigmoid,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
} from "./operators/elementwise.js";
export { bceWithLogits, mseLoss } from "./operators/losses.js";
export { linear, type MatmulOptions, matmul } from "./operators/matmul.js";
export { type InstanceNormOptions, instanceNorm } from "./operators/normalization.js";
export { reflectionPad2d, replicationPad2d } from "./operators/padding.js";
export { type Head, patchKeys, patchNcePath } from "./operators/patch-path.js";
export { gatherPositions, l2Normalize, type PatchNceOptions, patchNce } from "./operators/patches.js";
export { mean, sum } from "./operators/reduction.js";
export { blurDown, blurUp } from "./operators/resample.js";
export { reshape } from "./operators/reshape.js";
export { Adam, type AdamOptions } from "./optimizers/adam.js";
export { planningGpu } from "./planning.js";
export { Arena, Program, type RecordOptions, record } from "./program.js";
export { Random } from "./random.js";
export type { Rematerialize } from "./rematerialization.js";
export { type Dtype, type Shape, Tensor } from "./tensor.js";
export { applyTuning, parseTuning, type TuningTable } from "./tuning.js";
export { loadTuning, storeTuning } from "./tuning-store.js";
