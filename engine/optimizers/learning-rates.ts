// Learning-rate schedules, by PyTorch's names, as functions of the step (or epoch), which counts from 0, for `advance`.
import { checkValue } from "../lib/check-options.js";

/**
 * lr * gamma after every `stepSize` steps.
 *
 * @example
 * ```ts
 * console.log([9, 10, 20].map((step) => stepLr(8, step, 10, 0.5))); // 8, 4, 2
 * ```
 */
export const stepLr = (lr: number, step: number, stepSize: number, gamma = 0.1): number =>
  lr * gamma ** Math.floor(step / stepSize);

/**
 * lr * gamma after each of the milestones.
 *
 * @example
 * ```ts
 * console.log([9, 10, 50].map((step) => multiStepLr(8, step, [10, 50], 0.5))); // 8, 4, 2
 * ```
 */
export function multiStepLr(lr: number, step: number, milestones: readonly number[], gamma = 0.1): number {
  checkValue("multiStepLr: the milestones", milestones, [Array.isArray, "an array of steps"]);
  return lr * gamma ** milestones.filter((milestone) => step >= milestone).length;
}

/**
 * lr * gamma after every step.
 *
 * @example
 * ```ts
 * console.log([0, 1, 2].map((step) => exponentialLr(8, step, 0.5))); // 8, 4, 2
 * ```
 */
export const exponentialLr = (lr: number, step: number, gamma: number): number => lr * gamma ** step;

/**
 * Linear from lr * startFactor to lr * endFactor over `steps`, then constant: a warm-up, or a decay.
 *
 * @example
 * ```ts
 * console.log([0, 5, 10, 15].map((step) => linearLr(8, step, 10, 0))); // 0, 4, 8, 8
 * ```
 */
export const linearLr = (lr: number, step: number, steps: number, startFactor = 1 / 3, endFactor = 1): number =>
  lr * (startFactor + (endFactor - startFactor) * Math.min(step / steps, 1));

/**
 * From lr to `least` over `steps`, along half a cosine (Loshchilov and Hutter, 2017).
 *
 * @example
 * ```ts
 * console.log([0, 5, 10].map((step) => cosineAnnealingLr(8, step, 10))); // 8, 4, 0
 * ```
 */
export const cosineAnnealingLr = (lr: number, step: number, steps: number, least = 0): number =>
  least + ((lr - least) * (1 + Math.cos((Math.PI * step) / steps))) / 2;
