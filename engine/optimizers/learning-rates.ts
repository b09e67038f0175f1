// Learning-rate schedules, by PyTorch's names, as functions of the step (or epoch), from 0 on, for `advance`.

/** lr * gamma after every `stepSize` steps. */
export const stepLr = (lr: number, step: number, stepSize: number, gamma = 0.1): number =>
  lr * gamma ** Math.floor(step / stepSize);

/** lr * gamma after each of the milestones. */
export const multiStepLr = (lr: number, step: number, milestones: readonly number[], gamma = 0.1): number =>
  lr * gamma ** milestones.filter((milestone) => step >= milestone).length;

/** lr * gamma after every step. */
export const exponentialLr = (lr: number, step: number, gamma: number): number => lr * gamma ** step;

/** From lr * startFactor to lr * endFactor in a straight line over `steps`, then constant: a warm-up, or a decay. */
export const linearLr = (lr: number, step: number, steps: number, startFactor = 1 / 3, endFactor = 1): number =>
  lr * (startFactor + (endFactor - startFactor) * Math.min(step / steps, 1));

/** From lr to `least` over `steps` along half a cosine (Loshchilov and Hutter, 2017). */
export const cosineAnnealingLr = (lr: number, step: number, steps: number, least = 0): number =>
  least + ((lr - least) * (1 + Math.cos((Math.PI * step) / steps))) / 2;
