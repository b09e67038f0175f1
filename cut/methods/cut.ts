// CUT and FastCUT (docs/method.md sections 3 and 4; https://arxiv.org/abs/2007.15651). Order as in the reference: one
// forward pass of G on A and B together, D's update, then G's and F's update with the updated D. Keys are features of
// that same forward pass (G has not changed since), except in FastCUT's mirrored steps: mirroring and blur do not
// commute, so the encoder runs a second time.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { add, scale } from "../../engine/operators/pointwise/index.js";
import { concat, flip, slice } from "../../engine/operators/strided/index.js";
import { Discriminator } from "../networks/discriminator.js";
import { Generator } from "../networks/generator.js";
import { generatorArchitecture } from "../networks/generator-layout.js";
import type { Heads } from "../networks/heads.js";
import { frozen } from "../networks/network.js";
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

/** The random choices of one step of CUT. */
export interface CutChoices extends PatchPositions {
  /** Whether the step is mirrored (FastCUT). */
  mirror: boolean;
  /** For WGAN-GP's penalty, one number from 0 to 1 for each picture of B. */
  alpha?: Float32Array;
}

const MIRRORED = "mirrored";

export class Cut implements Method {
  readonly generator: Generator;
  readonly networks: { G: Generator; D: Discriminator; F: Heads };
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
    this.generator = new Generator(gpu, generatorArchitecture(options));
    const D = new Discriminator(gpu, { ...options, input_nc: options.output_nc });
    this.networks = { G: this.generator, D, F: this.#patches.F };
    this.#lossD = new DiscriminatorLosses(options, { D });
    this.adam = this.#lossD.adam;
    this.patchFeatures = this.#patches.features;
    this.state = this.#patches.state;
    this.kinds = [...(options.flip_equivariance ? ["", MIRRORED] : [""]), ...this.#lossD.kinds];
  }

  inputs(size: BatchSize): Record<string, InputShape> {
    return { ...this.#patches.inputs(size), ...this.#lossD.inputs(size) };
  }

  draw(context: StepContext): Draw {
    const { random, size } = context;
    const mirror = this.#options.flip_equivariance && random.next() < 0.5;
    const positions = this.#patches.draw(random, size);
    return this.drawFor({ ...positions, mirror, ...this.#lossD.draw(context) }, context);
  }

  /** The inputs of a step for given choices. */
  drawFor({ x, y, mirror, alpha }: CutChoices, context: Omit<StepContext, "random">): Draw {
    const { values, counts } = this.#patches.valuesFor({ x, y }, context);
    if (alpha) values["alpha"] = alpha;
    return { kinds: [mirror ? MIRRORED : "", ...this.#lossD.kindsAt(context.step)], values, counts };
  }

  record(step: StepRecording): Record<string, Tensor> {
    const { kind, A, B, drawn, learn, log, logEach } = step;
    const { G, D } = this.networks;
    const { gan_mode, lambda_GAN } = this.#options;
    if (this.#lossD.recordR1(step, { D: B })) return {};
    const patches = this.#patches;
    const { taps } = patches;
    const [batch] = A.shape;
    const mirror = kind === MIRRORED;
    // G translates B too where the identity term wants it.
    const source = patches.identity ? concat([A, B]) : A;

    const { image: fake, features } = G.translateWithFeatures(mirror ? flip(source, -1) : source, mirror ? [] : taps);
    const keyFeatures = mirror && taps.length ? A.gpu.noGrad(() => G.encode(source, taps)) : features;
    const keys = patches.keys(keyFeatures, drawn);

    // D is updated; no gradients flow into G.
    const logged = this.#lossD.update(step, "D", { fake: slice(fake.detach(), 0, batch), real: B });

    // G and F are updated with the new D. The backward pass runs in reverse, so D and its slice of the images come
    // after the encoder here: their gradients are finished before the encoder's begin, which saves memory.
    const queries = patches.used ? G.encode(fake, taps) : [];
    const predFake = D.score(slice(fake, 0, batch), frozen(D.parameters));
    const raw = ganLoss(gan_mode, predFake, [true]);
    const lossGan = lambda_GAN === 1 ? raw : scale(raw, lambda_GAN);
    const terms = patches.used ? patches.losses(queries, keys, drawn, mirror) : null;
    const lossG = terms ? add(lossGan, terms.total) : lossGan;
    learn(lossG, "G", "F");
    log({ G_GAN: lossGan, G: lossG });
    for (const [names, values] of [...logged, ...(terms?.logged ?? [])]) logEach(names, values);
    patches.remember(keys);
    return { fake };
  }
}
