// CycleGAN (https://arxiv.org/abs/1703.10593), as junyanz/pytorch-CycleGAN-and-pix2pix has it (docs/method.md, section
// 13): two generators and two discriminators, of which D_A scores pictures of B. Both generators are updated first,
// with the discriminators before their update, and then these, with translations from a pool.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { l1Loss } from "../../engine/operators/losses/index.js";
import { add, scale } from "../../engine/operators/pointwise/index.js";
import { trainedSide } from "../data/transform.js";
import type { Discriminator } from "../networks/discriminator.js";
import type { Generator } from "../networks/generator.js";
import { frozen } from "../networks/network.js";
import type { TrainOptions } from "../options/train-schema.js";
import { DiscriminatorLosses } from "./discriminator-loss.js";
import { ganLoss } from "./gan-loss.js";
import type { AdamSettings, BatchSize, Draw, InputShape, Method, StepContext, StepRecording } from "./method.js";
import { PicturePool } from "./picture-pool.js";
import { twoWayNetworks } from "./two-way.js";

/**
 * The random choices of one step of CycleGAN: for each translation its exchange with a full pool (PicturePool.draw).
 */
export interface CycleGanChoices {
  /** Of the translations to B. */
  poolA: Int32Array;
  /** Of those to A. */
  poolB: Int32Array;
  /** For WGAN-GP's penalty, numbers from 0 to 1: for each picture of B, then of A. */
  alpha?: Float32Array;
}

export class CycleGan implements Method {
  readonly generator: Generator;
  readonly networks: { G_A: Generator; G_B: Generator; D_A: Discriminator; D_B: Discriminator };
  readonly adam: Readonly<Record<string, AdamSettings>>;
  readonly patchFeatures = null;
  readonly state: ReadonlyMap<string, Tensor>;
  readonly kinds: readonly string[];
  readonly #options: TrainOptions;
  readonly #poolA: PicturePool;
  readonly #poolB: PicturePool;
  readonly #lossD: DiscriminatorLosses;

  constructor(gpu: Gpu, options: TrainOptions) {
    const { input_nc, output_nc, pool_size: size } = options;
    this.#options = options;
    this.networks = twoWayNetworks(gpu, options);
    const { G_A, D_A, D_B } = this.networks;
    this.generator = G_A;
    this.#lossD = new DiscriminatorLosses(options, { D_A, D_B });
    this.adam = this.#lossD.adam;
    const side = trainedSide(options);
    this.#poolA = new PicturePool(gpu, "poolA", { size, channels: output_nc, side });
    this.#poolB = new PicturePool(gpu, "poolB", { size, channels: input_nc, side });
    const pools: [string, Tensor | null][] = [
      ["poolA", this.#poolA.pictures],
      ["poolB", this.#poolB.pictures],
    ];
    this.state = new Map(pools.flatMap(([name, pictures]) => (pictures ? [[name, pictures]] : [])));
    this.kinds = ["", ...this.#lossD.kinds];
  }

  inputs(size: BatchSize): Record<string, InputShape> {
    return { ...this.#poolA.inputs(size), ...this.#poolB.inputs(size), ...this.#lossD.inputs(size) };
  }

  draw(context: StepContext): Draw {
    const { random, size } = context;
    const [poolA, poolB] = [this.#poolA, this.#poolB].map((pool) => pool.draw(random, size));
    return this.drawFor({ poolA, poolB, ...this.#lossD.draw(context) }, context);
  }

  /** The inputs of a step for given choices. */
  drawFor({ poolA, poolB, alpha }: CycleGanChoices, { step, counts }: Omit<StepContext, "random">): Draw {
    const A = this.#poolA.valuesFor(poolA, counts["poolA"] ?? 0);
    const B = this.#poolB.valuesFor(poolB, counts["poolB"] ?? 0);
    return {
      kinds: ["", ...this.#lossD.kindsAt(step)],
      values: { ...A.values, ...B.values, ...(alpha && { alpha }) },
      counts: this.state.size > 0 ? { poolA: A.taken, poolB: B.taken } : {},
    };
  }

  record(step: StepRecording): Record<string, Tensor> {
    const { A, B, drawn, learn, log, logEach } = step;
    const { G_A, G_B, D_A, D_B } = this.networks;
    const { gan_mode, lambda_A, lambda_B, lambda_identity } = this.#options;
    if (this.#lossD.recordR1(step, { D_A: B, D_B: A })) return {};
    const fakeB = G_A.translate(A);
    const recA = G_B.translate(fakeB);
    const fakeA = G_B.translate(B);
    const recB = G_A.translate(fakeA);

    const losses: Record<string, Tensor> = {
      G_A: ganLoss(gan_mode, D_A.score(fakeB, frozen(D_A.parameters)), [true]),
      G_B: ganLoss(gan_mode, D_B.score(fakeA, frozen(D_B.parameters)), [true]),
      cycle_A: scale(l1Loss(recA, A), lambda_A),
      cycle_B: scale(l1Loss(recB, B), lambda_B),
    };
    if (lambda_identity > 0) {
      losses["idt_A"] = scale(l1Loss(G_A.translate(B), B), lambda_B * lambda_identity);
      losses["idt_B"] = scale(l1Loss(G_B.translate(A), A), lambda_A * lambda_identity);
    }
    const lossG = Object.values(losses).reduce((sum, loss) => add(sum, loss));
    learn(lossG, "G_A", "G_B");

    const ofA = { fake: this.#poolA.exchange(fakeB, drawn), real: B };
    const ofB = { fake: this.#poolB.exchange(fakeA, drawn), real: A };
    const logged = [...this.#lossD.update(step, "D_A", ofA), ...this.#lossD.update(step, "D_B", ofB)];
    log({ ...losses, G: lossG });
    for (const [names, values] of logged) logEach(names, values);
    return { fakeB, fakeA, recA, recB };
  }
}
