// What a discriminator learns from (docs/method.md section 3): the adversarial loss of real and translated pictures,
// and the penalties on the gradient of its scores along the picture, which are differentiated once more: WGAN-GP's
// (https://arxiv.org/abs/1704.00028) and R1 (https://arxiv.org/abs/1801.04406), every step or, as StyleGAN2 has it
// (https://arxiv.org/abs/1912.04958, appendix B), in an update of its own every few steps.
import { grad } from "../../engine/core/autograd.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { add, mul, scale, sqrt, square, sub } from "../../engine/operators/pointwise/index.js";
import { mean, sum } from "../../engine/operators/reduction/index.js";
import { concat, slice } from "../../engine/operators/strided/index.js";
import type { Discriminator } from "../networks/discriminator.js";
import type { TrainOptions } from "../options/train-schema.js";
import { ganLoss } from "./gan-loss.js";
import type { AdamSettings, BatchSize, InputShape, StepMoment } from "./method.js";

type Options = Pick<
  TrainOptions,
  "gan_mode" | "lambda_gp" | "lambda_R1" | "R1_every" | "penalty_scores" | "beta1" | "beta2"
>;

/** The name of a recording that is R1's update alone. */
export const R1 = "R1";
/** The name of the tensor that says where between a real and a translated picture WGAN-GP's penalty is taken. */
const ALPHA = "alpha";

const hasGradientPenalty = ({ gan_mode, lambda_gp }: Options) => gan_mode === "wgangp" && lambda_gp > 0;
const isLazy = ({ lambda_R1, R1_every }: Options) => lambda_R1 > 0 && R1_every > 1;

/** The recordings that R1 adds to a method's. */
export const penaltyKinds = (options: Options): string[] => (isLazy(options) ? [R1] : []);

/** Those of them that belong to the step after `step` others. */
export const penaltyKindsAt = (options: Options, step: number): string[] =>
  isLazy(options) && step % options.R1_every === 0 ? [R1] : [];

/** What the penalties draw: numbers from 0 to 1, one per picture and discriminator. */
export const penaltyInputs = (
  options: Options,
  { batch }: BatchSize,
  discriminators = 1,
): Record<string, InputShape> =>
  hasGradientPenalty(options) ? { [ALPHA]: { shape: [discriminators * batch, 1, 1, 1] } } : {};

export function drawPenalty(
  options: Options,
  { random, size }: StepMoment,
  discriminators = 1,
): { [ALPHA]?: Float32Array } {
  const length = discriminators * size.batch;
  return hasGradientPenalty(options) ? { [ALPHA]: Float32Array.from({ length }, () => random.next()) } : {};
}

/**
 * Adam for discriminators where R1 comes every k steps: there are k + 1 updates for k steps, so with c = k / (k + 1)
 * the rate is c times as high, and decays are to the power of c.
 */
export function adamOfDiscriminators(options: Options): AdamSettings {
  const c = isLazy(options) ? options.R1_every / (options.R1_every + 1) : 1;
  return { beta1: options.beta1 ** c, beta2: options.beta2 ** c, rate: c };
}

/** Lengths of the gradients, by picture, of the mean or sum of its scores, squared: [N]. To be differentiated again. */
function squaredGradients(D: Discriminator, pictures: Tensor, scores: Options["penalty_scores"]): Tensor {
  const at = pictures.detach().requireGrad();
  const judged = D.judge(at);
  // Pictures do not meet in D, so one gradient holds those of all.
  const total = scale(sum(judged), scores === "mean" ? at.shape[0] / judged.size : 1);
  const [gradient] = grad(total, [at], { createGraph: true });
  // As in the reference; it keeps the root of nothing differentiable.
  return sum(square(scale(gradient, 1, 1e-16)), [1, 2, 3]);
}

/** R1: weight / 2 times the mean over real pictures of the squared length of D's gradient. */
export const r1Penalty = (D: Discriminator, real: Tensor, { lambda_R1, penalty_scores }: Options): Tensor =>
  scale(mean(squaredGradients(D, real, penalty_scores)), lambda_R1 / 2);

/** R1's lazy update stands for all of its steps. */
export const lazyR1Penalty = (D: Discriminator, real: Tensor, options: Options): Tensor =>
  scale(r1Penalty(D, real, options), options.R1_every);

/** WGAN-GP's penalty, at alpha real + (1 - alpha) fake: how far the length of D's gradient is from 1, squared. */
export function gradientPenalty(
  D: Discriminator,
  [real, fake, alpha]: readonly [real: Tensor, fake: Tensor, alpha: Tensor],
  { lambda_gp, penalty_scores }: Options,
): Tensor {
  const between = real.gpu.noGrad(() => add(mul(sub(real, fake), alpha), fake));
  const lengths = sqrt(squaredGradients(D, between, penalty_scores));
  return scale(mean(square(scale(lengths, 1, -1))), lambda_gp);
}

/**
 * The losses of a discriminator: what it learns from, and what is logged, under its name and what that begins.
 * `fake` is data to it. Of the drawn numbers it takes those of the discriminator at `index`.
 */
export function discriminatorLosses(
  name: string,
  D: Discriminator,
  { fake, real, drawn, index = 0 }: { fake: Tensor; real: Tensor; drawn(name: string): Tensor; index?: number },
  options: Options,
): { total: Tensor; logged: [names: string[], Tensor][] } {
  const [batch] = real.shape;
  const losses = ganLoss(options.gan_mode, D.judge(concat([fake.detach(), real])), [false, true]);
  const penalties: [string, Tensor][] = [];
  if (hasGradientPenalty(options)) {
    const alpha = slice(drawn(ALPHA), index * batch, (index + 1) * batch);
    penalties.push([`${name}_GP`, gradientPenalty(D, [real, fake.detach(), alpha], options)]);
  }
  if (options.lambda_R1 > 0 && !isLazy(options)) penalties.push([`${name}_R1`, r1Penalty(D, real, options)]);
  const total = penalties.reduce((sum, [, penalty]) => add(sum, penalty), mean(losses));
  const logged: [names: string[], Tensor][] = [
    [[`${name}_fake`, `${name}_real`], losses],
    [[name], total],
  ];
  return { total, logged: [...logged, ...penalties.map(([of, penalty]): [string[], Tensor] => [[of], penalty])] };
}
