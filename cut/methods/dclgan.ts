// DCLGAN (https://arxiv.org/abs/2104.07689; docs/method.md, section 14), as JunlinHan/DCLGAN has it: PatchNCE in both
// directions instead of CycleGAN's cycle losses. Queries are features of a translation in the generator that takes its
// domain as input; keys are features of the input in the generator that made the translation. The discriminators are
// updated first, then generators and heads.
import type { Gpu } from "../../engine/core/gpu.js";
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { l1Loss } from "../../engine/operators/losses/index.js";
import { fusedPatchNce, patchKeys } from "../../engine/operators/patch-nce/index.js";
import { add, scale } from "../../engine/operators/pointwise/index.js";
import { mean } from "../../engine/operators/reduction/index.js";
import { concat, slice } from "../../engine/operators/strided/index.js";
import type { Discriminator } from "../networks/discriminator.js";
import type { Generator } from "../networks/generator.js";
import { tappedChannels } from "../networks/generator-layout.js";
import { Heads } from "../networks/heads.js";
import { frozen } from "../networks/network.js";
import type { TrainOptions } from "../options/train-schema.js";
import { DiscriminatorLosses } from "./discriminator-loss.js";
import { ganLoss } from "./gan-loss.js";
import type { AdamSettings, BatchSize, Draw, InputShape, Method, StepContext, StepRecording } from "./method.js";
import { drawPositions, forEachPicture, patchCounts } from "./patch-positions.js";
import { twoWayNetworks } from "./two-way.js";

/** The random choices of one step of DCLGAN. */
export interface DclGanChoices {
  /** Positions of A and its translation by layer, and those of B and its own. */
  ids1: Int32Array[];
  ids2: Int32Array[];
  /** For WGAN-GP's penalty, numbers from 0 to 1: for each picture of B, then of A. */
  alpha?: Float32Array;
}

export class DclGan implements Method {
  readonly generator: Generator;
  readonly networks: { G_A: Generator; G_B: Generator; D_A: Discriminator; D_B: Discriminator; F1: Heads; F2: Heads };
  readonly adam: Readonly<Record<string, AdamSettings>>;
  /** The patch losses here use both generators, and retrieval measures features of a single one. */
  readonly patchFeatures = null;
  readonly kinds: readonly string[];
  readonly #options: TrainOptions;
  readonly #lossD: DiscriminatorLosses;

  constructor(gpu: Gpu, options: TrainOptions) {
    this.#options = options;
    const both = twoWayNetworks(gpu, options);
    const { G_A, G_B, D_A, D_B } = both;
    const headsOf = ({ architecture }: Generator) =>
      new Heads(gpu, { channels: tappedChannels(architecture, options.nce_layers), width: options.netF_nc });
    this.networks = { ...both, F1: headsOf(G_A), F2: headsOf(G_B) };
    this.generator = G_A;
    this.#lossD = new DiscriminatorLosses(options, { D_A, D_B });
    // The reference uses PyTorch's default betas for the heads' Adam.
    const ofHeads = { beta1: 0.9, beta2: 0.999, rate: options.lr_F / options.lr };
    this.adam = { ...this.#lossD.adam, F1: ofHeads, F2: ofHeads };
    this.kinds = ["", ...this.#lossD.kinds];
  }

  inputs(size: BatchSize): Record<string, InputShape> {
    const ids = patchCounts(this.#options, size).flatMap(({ count }, i) => {
      const shape: InputShape = { shape: [size.batch, count], dtype: "i32" };
      return [
        [`ids1.${i}`, shape],
        [`ids2.${i}`, shape],
      ];
    });
    return { ...Object.fromEntries(ids), ...this.#lossD.inputs(size) };
  }

  draw(context: StepContext): Draw {
    const layers = patchCounts(this.#options, context.size);
    const [ids1, ids2] = [1, 2].map(() => drawPositions(context.random, layers));
    return this.drawFor({ ids1, ids2, ...this.#lossD.draw(context) }, context);
  }

  /** The inputs of a step for given choices. */
  drawFor({ ids1, ids2, alpha }: DclGanChoices, { step, size }: Omit<StepContext, "random">): Draw {
    const values: Record<string, Float32Array | Int32Array> = alpha ? { alpha } : {};
    for (const [name, ids] of Object.entries({ ids1, ids2 })) {
      for (const [i, positions] of ids.entries()) values[`${name}.${i}`] = forEachPicture(positions, size.batch);
    }
    return { kinds: ["", ...this.#lossD.kindsAt(step)], values };
  }

  record(step: StepRecording): Record<string, Tensor> {
    const { A, B, drawn, learn, log, logEach } = step;
    const { G_A, G_B, D_A, D_B, F1, F2 } = this.networks;
    const { gan_mode, lambda_GAN, lambda_NCE, lambda_IDT, nce_layers: taps } = this.#options;
    if (this.#lossD.recordR1(step, { D_A: B, D_B: A })) return {};
    const [batch] = A.shape;
    // With the identity term each generator also translates pictures of its target domain.
    const identity = lambda_IDT > 0;
    const toB = G_A.translateWithFeatures(identity ? concat([A, B]) : A, taps);
    const toA = G_B.translateWithFeatures(identity ? concat([B, A]) : B, taps);
    const own = (x: Tensor) => slice(x, 0, batch);
    const [fakeB, fakeA] = [own(toB.image), own(toA.image)];

    const loggedA = this.#lossD.update(step, "D_A", { fake: fakeB, real: B });
    const loggedB = this.#lossD.update(step, "D_B", { fake: fakeA, real: A });

    // As in CUT's step, D comes after the encoder to save memory.
    const queries = { ofB: G_B.encode(fakeB, taps), ofA: G_A.encode(fakeA, taps) };
    const adversarial = (D: Discriminator, fake: Tensor) =>
      scale(ganLoss(gan_mode, D.score(fake, frozen(D.parameters)), [true]), lambda_GAN);
    const losses: Record<string, Tensor> = { G_A: adversarial(D_A, fakeB), G_B: adversarial(D_B, fakeA) };
    const keys1 = toB.features.map((map, i) => patchKeys(own(map.detach()), drawn(`ids1.${i}`), F1.head(i)));
    const keys2 = toA.features.map((map, i) => patchKeys(own(map.detach()), drawn(`ids2.${i}`), F2.head(i)));
    const layers1 = this.#patchLosses(queries.ofB, keys1, F2, (i) => drawn(`ids1.${i}`));
    const layers2 = this.#patchLosses(queries.ofA, keys2, F1, (i) => drawn(`ids2.${i}`));
    losses["NCE1"] = scale(mean(layers1), lambda_NCE);
    losses["NCE2"] = scale(mean(layers2), lambda_NCE);
    if (identity) {
      losses["idt_A"] = scale(l1Loss(slice(toB.image, batch, 2 * batch), B), lambda_IDT);
      losses["idt_B"] = scale(l1Loss(slice(toA.image, batch, 2 * batch), A), lambda_IDT);
    }
    const G = scale(
      Object.values(losses).reduce((sum, loss) => add(sum, loss)),
      0.5,
    );
    learn(G, "G_A", "G_B", "F1", "F2");
    log({ ...losses, G });
    const byLayer = (term: string) => taps.map((tap) => `${term}_${tap}`);
    for (const [names, values] of [...loggedA, ...loggedB]) logEach(names, values);
    logEach(byLayer("NCE1"), layers1);
    logEach(byLayer("NCE2"), layers2);
    return { fakeB, fakeA };
  }

  /** PatchNCE of every layer, [layers]. */
  #patchLosses(features: Tensor[], keys: Tensor[], F: Heads, ids: (i: number) => Tensor): Tensor {
    const { nce_T: tau, nce_includes_all_negatives_from_minibatch: all } = this.#options;
    const groups = all ? 1 : features[0].shape[0];
    const rows = features.map((map, i) => fusedPatchNce(map, ids(i), F.head(i), keys[i], { groups, tau }));
    return concat(rows.map((losses) => reshape(mean(losses), [1])));
  }
}
