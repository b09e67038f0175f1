// The engine's public API: tensors with gradients on WebGPU, in Node and in the browser. Importing it uses no GPU.

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
export * from "./operators/public.js";
export * from "./optimizers/index.js";
export { Arena } from "./program/allocation.js";
export { Program, type RecordOptions, record } from "./program/program.js";
export { keepForBackward } from "./program/recording.js";
export type { Rematerialize } from "./program/rematerialization.js";
export { Random } from "./random.js";
export { loadTuning, storeTuning } from "./tuning/browser-store.js";
export { applyTuning, parseTuning, type TuningTable } from "./tuning/table.js";
