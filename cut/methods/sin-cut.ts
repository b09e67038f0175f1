// SinCUT (docs/method.md, section 16; https://arxiv.org/abs/2007.15651, section 4.4): CUT on crops of one picture per
// domain, with its own networks. A batch of crops shares one position in each layer, and its other crops are the
// negatives. R1 keeps the discriminator from memorising the picture, and an identity loss makes G leave crops of B
// unchanged.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { Random } from "../../engine/lib/random.js";
import { l1Loss } from "../../engine/operators/losses/index.js";
import { add, scale } from "../../engine/operators/pointwise/index.js";
import { concat, slice } from "../../engine/operators/strided/index.js";
import type { Heads } from "../networks/heads.js";
import { frozen } from "../networks/network.js";
import { SingleImageDiscriminator } from "../networks/single-image-discriminator.js";
import { SingleImageGenerator } from "../networks/single-image-generator.js";
import { discriminatorChannels, singleImageArchitecture } from "../networks/single-image-layout.js";
import type { TrainOptions } from "../options/train-schema.js";
import { DiscriminatorLosses } from "./discriminator-loss.js";
import { ganLoss } from "./gan-loss.js";
import type {
  AdamSettings,
  BatchSize,
  Draw,
  InputShape,
  Method,
  PatchFeatures,
  StepContext,
  StepRecording,
} from "./method.js";
import { type PatchPositions, PatchTerms } from "./patch-terms.js";

/** The random choices of one step of SinCUT. */
export interface SinCutChoices extends PatchPositions {
  /** G's noise for the crops of A and then of B, [2 N, 1, H, W]. */
  noise: Float32Array;
  /** For WGAN-GP's penalty, one number from 0 to 1 for each crop of B. */
  alpha?: Float32Array;
}

export class SinCut implements Method {
  readonly generator: SingleImageGenerator;
  readonly networks: { G: SingleImageGenerator; D: SingleImageDiscriminator; F: Heads };
  readonly adam: Readonly<Record<string, AdamSettings>>;
  readonly patchFeatures: PatchFeatures | null;
  readonly state: ReadonlyMap<string, Tensor>;
  readonly kinds: readonly string[];
  readonly #options: TrainOptions;
  readonly #patches: PatchTerms;
  readonly #lossD: DiscriminatorLosses;

  constructor(gpu: Gpu, options: TrainOptions) {
    this.#options = options;
    this.#patches = new PatchTerms(gpu, options);
    this.generator = new SingleImageGenerator(gpu, singleImageArchitecture(options));
    const D = new SingleImageDiscriminator(gpu, options.output_nc, discriminatorChannels(options));
    this.networks = { G: this.generator, D, F: this.#patches.F };
    this.#lossD = new DiscriminatorLosses(options, { D });
    this.adam = this.#lossD.adam;
    this.patchFeatures = this.#patches.features;
    this.state = this.#patches.state;
    this.kinds = ["", ...this.#lossD.kinds];
  }

  inputs(size: BatchSize): Record<string, InputShape> {
    const { batch, height, width } = size;
    const noise: InputShape = { shape: [2 * batch, 1, height, width] };
    return { ...this.#patches.inputs(size), ...this.#lossD.inputs(size), noise };
  }

  draw(context: StepContext): Draw {
    const { random, size } = context;
    const positions = this.#patches.draw(random, size);
    const noise = normals(random, 2 * size.batch * size.height * size.width);
    return this.drawFor({ ...positions, ...this.#lossD.draw(context), noise }, context);
  }

  /** The inputs of a step for given choices. */
  drawFor({ x, y, noise, alpha }: SinCutChoices, context: Omit<StepContext, "random">): Draw {
    const { values, counts } = this.#patches.valuesFor({ x, y }, context);
    values["noise"] = noise;
    if (alpha) values["alpha"] = alpha;
    return { kinds: ["", ...this.#lossD.kindsAt(context.step)], values, counts };
  }

  record(step: StepRecording): Record<string, Tensor> {
    const { A, B, drawn, learn, log, logEach } = step;
    const { G, D } = this.networks;
    const { gan_mode, lambda_GAN, lambda_identity } = this.#options;
    if (this.#lossD.recordR1(step, { D: B })) return {};
    const patches = this.#patches;
    const [batch] = A.shape;
    const { image, features } = G.translateWithFeatures(concat([A, B]), patches.taps, drawn("noise"));
    const keys = patches.keys(features, drawn);
    const fake = slice(image, 0, batch);

    const logged = this.#lossD.update(step, "D", { fake, real: B });

    const queries = G.encode(image, patches.taps);
    const predFake = D.score(fake, frozen(D.parameters));
    const lossGan = scale(ganLoss(gan_mode, predFake, [true]), lambda_GAN);
    const idt = scale(l1Loss(slice(image, batch, 2 * batch), B), lambda_identity);
    const terms = patches.losses(queries, keys, drawn, false);
    const lossG = add(add(lossGan, terms.total), idt);
    learn(lossG, "G", "F");
    log({ G_GAN: lossGan, idt, G: lossG });
    for (const [names, values] of [...logged, ...terms.logged]) logEach(names, values);
    patches.remember(keys);
    return { fake: image };
  }
}

const normals = (random: Random, length: number) => Float32Array.from({ length }, () => random.normal());
