// One step of Adam (Kingma & Ba, 2014) in PyTorch's form: the moments are bias-corrected, and eps is added after the
// correction of the second moment's root. No AMSGrad. And one step of gradient descent with momentum.
import { type Dense, requireSameShape, zeros } from "../operators/lib/reference/dense.js";

export interface AdamOptions {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** The number of the step, from 1. */
  readonly step: number;
  /**
   * L2: weightDecay * p is added to the gradient; `decoupled` (AdamW): p is multiplied by 1 - lr * weightDecay first.
   */
  readonly weightDecay?: number;
  readonly decoupled?: boolean;
}

/** Parameters p, their gradients g and both moments m, v (zeros before step 1) -> the same after the step. */
export function adam(p: Dense, g: Dense, m: Dense, v: Dense, options: AdamOptions): { p: Dense; m: Dense; v: Dense } {
  requireSameShape("adam", "parameters and gradients", p.shape, g.shape);
  const { lr, beta1, beta2, eps, step, weightDecay = 0, decoupled = false } = options;
  const stepSize = lr / (1 - beta1 ** step);
  const rootCorrection = Math.sqrt(1 - beta2 ** step);
  const next = { p: zeros(p.shape), m: zeros(p.shape), v: zeros(p.shape) };
  for (let i = 0; i < p.data.length; i++) {
    const gradient = g.data[i] + (decoupled ? 0 : weightDecay * p.data[i]);
    const first = beta1 * m.data[i] + (1 - beta1) * gradient;
    const second = beta2 * v.data[i] + (1 - beta2) * gradient * gradient;
    next.m.data[i] = first;
    next.v.data[i] = second;
    const decayFactor = decoupled ? 1 - lr * weightDecay : 1;
    next.p.data[i] = decayFactor * p.data[i] - (stepSize * first) / (Math.sqrt(second) / rootCorrection + eps);
  }
  return next;
}

export interface SgdOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** The number of the step, from 1. */
  readonly step: number;
}

/** Parameters p, their gradients g and the momentum (zeros before step 1) -> the same after the step. */
export function sgd(p: Dense, g: Dense, buffer: Dense, options: SgdOptions): { p: Dense; buffer: Dense } {
  requireSameShape("sgd", "parameters and gradients", p.shape, g.shape);
  const { lr, momentum, dampening, nesterov, weightDecay, step } = options;
  const next = { p: zeros(p.shape), buffer: zeros(p.shape) };
  for (let i = 0; i < p.data.length; i++) {
    const gradient = g.data[i] + weightDecay * p.data[i];
    const moved = step === 1 || momentum === 0 ? gradient : momentum * buffer.data[i] + (1 - dampening) * gradient;
    next.buffer.data[i] = moved;
    next.p.data[i] = p.data[i] - lr * (nesterov ? gradient + momentum * moved : moved);
  }
  return next;
}
