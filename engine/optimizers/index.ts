// Optimizers, learning-rate schedules, gradient clipping, loss scaling and averages of parameters.
export { Adam, type AdamOptions, AdamW } from "./adam.js";
export { AveragedParameters } from "./averaged-parameters.js";
export { clipGradNorm } from "./gradients.js";
export * from "./learning-rates.js";
export { LossScaler, type LossScalerOptions } from "./loss-scaler.js";
export type { Optimizer } from "./optimizer.js";
export { SGD, type SgdOptions } from "./sgd.js";
