// The losses of a discriminator (docs/method.md section 3): the adversarial loss of real and translated pictures, and
// the penalties on the gradient of its scores with respect to the picture, which need second derivatives: WGAN-GP's
// (https://arxiv.org/abs/1704.00028) and R1 (https://arxiv.org/abs/1801.04406), every step or, as StyleGAN2 has it
// (https://arxiv.org/abs/1912.04958, appendix B), in an update of its own every few steps.
import { grad } from "../../engine/autograd.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { add, mul, scale, sqrt, square, sub } from "../../engine/operators/pointwise/index.js";
import { mean, sum } from "../../engine/operators/reduction/index.js";
import { cast } from "../../engine/operators/selection/index.js";
import { concat, slice } from "../../engine/operators/strided/index.js";
import type { Parameters } from "../networks/network.js";
import type { TrainOptions } from "../options/train-schema.js";
import { ganLoss } from "./gan-loss.js";
import type { AdamSettings, BatchSize, InputShape, StepContext, StepRecording } from "./method.js";

type Options = Pick<
  TrainOptions,
  "gan_mode" | "lambda_gp" | "lambda_R1" | "R1_every" | "penalty_scores" | "beta1" | "beta2"
>;

/** A network that gives pictures [N, C, H, W] scores [N, ...]; those of one picture do not depend on the others. */
export interface AnyDiscriminator {
  score(x: Tensor, parameters?: Parameters): Tensor;
}

/** The name of the recording of R1's separate update. */
const R1 = "R1";
/** The input tensor with WGAN-GP's interpolation factors between real and translated pictures. */
const ALPHA = "alpha";

/** Squared gradient norms, by picture, of the mean or sum of its scores: [N]. Can be differentiated again. */
function squaredGradients(D: AnyDiscriminator, pictures: Tensor, scores: Options["penalty_scores"]): Tensor {
  const at = pictures.detach().requireGrad();
  const outputs = D.score(at);
  // Scores of one picture do not depend on the others, so one gradient holds those of all. The gradient of a mean would
  // be too small for f16: there the factor is applied afterwards.
  const share = scores === "mean" ? at.shape[0] / outputs.size : 1;
  const late = at.dtype === "f16";
  const [gradient] = grad(scale(sum(outputs), late ? 1 : share), [at], { createGraph: true });
  // The epsilon is that of the reference; it keeps the root differentiable at 0.
  return sum(square(scale(cast(gradient, "f32"), late ? share : 1, 1e-16)), [1, 2, 3]);
}

/** R1: weight / 2 times the mean over real pictures of the squared length of D's gradient. */
export const r1Penalty = (D: AnyDiscriminator, real: Tensor, { lambda_R1, penalty_scores }: Options): Tensor =>
  scale(mean(squaredGradients(D, real, penalty_scores)), lambda_R1 / 2);

/** WGAN-GP's penalty, at alpha real + (1 - alpha) fake: the squared difference of D's gradient norm from 1. */
export function gradientPenalty(
  D: AnyDiscriminator,
  [real, fake, alpha]: readonly [real: Tensor, fake: Tensor, alpha: Tensor],
  { lambda_gp, penalty_scores }: Options,
): Tensor {
  const between = real.gpu.noGrad(() => add(mul(sub(real, fake), alpha), fake));
  const lengths = sqrt(squaredGradients(D, between, penalty_scores));
  return scale(mean(square(scale(lengths, 1, -1))), lambda_gp);
}

/** The losses of a method's discriminators, and the inputs and recordings that their penalties need. */
export class DiscriminatorLosses {
  /** Adam's settings by discriminator. */
  readonly adam: Readonly<Record<string, AdamSettings>>;
  /** The recordings that R1 adds to those of the method. */
  readonly kinds: readonly string[];
  readonly #options: Options;
  readonly #networks: Readonly<Record<string, AnyDiscriminator>>;

  constructor(options: Options, networks: Readonly<Record<string, AnyDiscriminator>>) {
    this.#options = options;
    this.#networks = networks;
    const { R1_every, beta1, beta2 } = options;
    // With R1 every k steps there are k + 1 updates per k steps, so with c = k / (k + 1) the learning rate is
    // multiplied by c, and betas are raised to the power of c (as in StyleGAN2).
    const c = this.#lazy ? R1_every / (R1_every + 1) : 1;
    const settings = { beta1: beta1 ** c, beta2: beta2 ** c, rate: c };
    this.adam = Object.fromEntries(Object.keys(networks).map((name) => [name, settings]));
    this.kinds = this.#lazy ? [R1] : [];
  }

  /** Whether R1 has separate updates. */
  get #lazy(): boolean {
    return this.#options.lambda_R1 > 0 && this.#options.R1_every > 1;
  }

  get #hasGradientPenalty(): boolean {
    return this.#options.gan_mode === "wgangp" && this.#options.lambda_gp > 0;
  }

  /** Those of `kinds` that belong to the step after `step` others. */
  kindsAt(step: number): readonly string[] {
    return step % this.#options.R1_every === 0 ? this.kinds : [];
  }

  /** The random inputs of the penalties: numbers from 0 to 1, one per picture and discriminator. */
  inputs({ batch }: BatchSize): Record<string, InputShape> {
    return this.#hasGradientPenalty ? { [ALPHA]: { shape: [this.#count * batch, 1, 1, 1] } } : {};
  }

  draw({ random, size }: StepContext): { [ALPHA]?: Float32Array } {
    const length = this.#count * size.batch;
    return this.#hasGradientPenalty ? { [ALPHA]: Float32Array.from({ length }, () => random.next()) } : {};
  }

  get #count(): number {
    return Object.keys(this.#networks).length;
  }

  /**
   * Where the recording is that of R1's separate update, makes it at real pictures by discriminator, with a weight that
   * covers all R1_every steps. Returns whether it is.
   */
  recordR1({ kind, learn, log }: StepRecording, reals: Readonly<Record<string, Tensor>>): boolean {
    if (kind !== R1) return false;
    for (const [name, real] of Object.entries(reals)) {
      const penalty = scale(r1Penalty(this.#networks[name], real, this.#options), this.#options.R1_every);
      learn(penalty, name);
      log({ [`${name}_R1`]: penalty });
    }
    return true;
  }

  /** Updates a discriminator; returns what is to be logged, under names that begin with its own. `fake` is detached. */
  update({ drawn, learn }: StepRecording, name: string, { fake, real }: { fake: Tensor; real: Tensor }) {
    const options = this.#options;
    const D = this.#networks[name];
    const [batch] = real.shape;
    const losses = ganLoss(options.gan_mode, D.score(concat([fake.detach(), real])), [false, true]);
    const penalties: [string, Tensor][] = [];
    if (this.#hasGradientPenalty) {
      const index = Object.keys(this.#networks).indexOf(name);
      const alpha = slice(drawn(ALPHA), index * batch, (index + 1) * batch);
      penalties.push([`${name}_GP`, gradientPenalty(D, [real, fake.detach(), alpha], options)]);
    }
    if (options.lambda_R1 > 0 && !this.#lazy) penalties.push([`${name}_R1`, r1Penalty(D, real, options)]);
    const total = penalties.reduce((sum, [, penalty]) => add(sum, penalty), mean(losses));
    learn(total, name);
    const logged: [names: string[], Tensor][] = [
      [[`${name}_fake`, `${name}_real`], losses],
      [[name], total],
      ...penalties.map(([name, penalty]): [string[], Tensor] => [[name], penalty]),
    ];
    return logged;
  }
}
