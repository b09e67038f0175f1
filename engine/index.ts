// The engine's public API: tensors with gradients on WebGPU, in Node and in the browser. Importing it uses no GPU.

export * from "./formats/pth.js";

// Modules stand in a bundle in the order of these lines; with the first and the last of them apart it is 1 % smaller.

export { Gpu } from "./core/gpu.js";
export type { DispatchCall, Observer, OperatorCall } from "./core/observers.js";
export {
  defineOperator,
  type GradientContext,
  type Inputs,
  type Operator,
  type OperatorRecord,
} from "./core/operator.js";
export { type Dtype, type Shape, Tensor } from "./core/tensor.js";
export type { AdapterTraits, Profile } from "./device/adapter.js";
export { adapterName } from "./device/adapter.js";
export { kernelFromWgsl } from "./device/kernel-from-wgsl.js";
export type { BindingNames, Constants, Grid, KernelSource, Params } from "./device/kernel-source.js";
export type { MemoryStatistics } from "./device/memory.js";
export { loadParameters, saveParameters } from "./formats/parameters.js";
export * from "./formats/safetensors.js";
export * from "./formats/state-dict.js";
export { kaimingNormal, kaimingUniform, normal, uniform, xavierNormal, xavierUniform } from "./initialization.js";
export type { CancellationOptions } from "./lib/cancellation.js";
export type { Elements, Numbers } from "./lib/elements.js";
export * from "./lib/errors.js";
export { Random } from "./lib/random.js";
export type { Axes } from "./lib/shapes.js";
export { type OpenOptions, openGpu } from "./open/open.js";
export { planningGpu } from "./open/planning.js";
export * from "./operators/public.js";
export * from "./optimizers/index.js";
export { Arena } from "./program/allocation.js";
export { Program, type RecordOptions, record } from "./program/program.js";
export { keepForBackward } from "./program/recording.js";
export type { Rematerialize } from "./program/rematerialization.js";
export { loadTuning, storeTuning } from "./tuning/browser-store.js";
export { applyTuning, parseTuning, type TuningTable } from "./tuning/table.js";

// Last, as said above.

export * from "./autograd.js";
