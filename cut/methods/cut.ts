// CUT and FastCUT (docs/method.md sections 3 and 4; https://arxiv.org/abs/2007.15651). Order as in the reference: G
// once over A and B together, D's update, then G's and F's update against the updated D. Keys are taken from that same
// forward pass (G has not changed since), except in FastCUT's mirrored steps, where mirror and blur do not commute and
// the encoder runs a second time.

import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { gatherPositions } from "../../engine/operators/gather/index.js";
import { l2Normalize, patchKeys, patchNce, patchNcePath } from "../../engine/operators/patch-nce/index.js";
import { add, scale } from "../../engine/operators/pointwise/index.js";
import { mean, sum } from "../../engine/operators/reduction/index.js";
import { concat, flip, slice } from "../../engine/operators/strided/index.js";
import { Discriminator } from "../networks/discriminator.js";
import { Generator } from "../networks/generator.js";
import { featureShapes, generatorArchitecture } from "../networks/generator-layout.js";
import { Heads } from "../networks/heads.js";
import { frozen } from "../networks/network.js";
import type { TrainOptions } from "../options/train-schema.js";
import {
  adamOfDiscriminators,
  discriminatorLosses,
  drawPenalty,
  lazyR1Penalty,
  penaltyInputs,
  penaltyKinds,
  penaltyKindsAt,
  R1,
} from "./discriminator-loss.js";
import { ganLoss } from "./gan-loss.js";
import type {
  AdamSettings,
  BatchSize,
  Draw,
  InputShape,
  Method,
  PatchFeatures,
  StepMoment,
  StepRecording,
} from "./method.js";

/** What one step of CUT draws. */
export interface CutChoices {
  /** Patch positions of the pictures of A, one array per tapped layer: row-major y * W + x. */
  x: Int32Array[];
  /** Those of B, in the identity term; none without it. */
  y: Int32Array[];
  /** Whether the step is mirrored (FastCUT). */
  mirror: boolean;
  /** For WGAN-GP's penalty, one number from 0 to 1 for each picture of B. */
  alpha?: Float32Array;
}

const MIRRORED = "mirrored";

export class Cut implements Method {
  readonly generator: Generator;
  readonly networks: { G: Generator; D: Discriminator; F: Heads };
  readonly patchFeatures: PatchFeatures | null;
  readonly kinds: readonly string[];
  readonly adam: { D: AdamSettings };
  readonly #options: TrainOptions;
  /** Whether patches are compared, those of the identity term too, and through heads. */
  readonly #usesNce: boolean;
  readonly #identity: boolean;
  readonly #hasHeads: boolean;

  constructor(gpu: Gpu, options: TrainOptions) {
    const { lambda_NCE, nce_idt, netF, netF_nc, nce_layers, num_patches, flip_equivariance } = options;
    this.#options = options;
    this.#usesNce = lambda_NCE > 0;
    this.#identity = this.#usesNce && nce_idt;
    this.#hasHeads = this.#usesNce && netF === "mlp_sample";
    this.kinds = [...(flip_equivariance ? ["", MIRRORED] : [""]), ...penaltyKinds(options)];
    this.adam = { D: adamOfDiscriminators(options) };
    const architecture = generatorArchitecture(options);
    const G = new Generator(gpu, architecture);
    const D = new Discriminator(gpu, { ...options, input_nc: options.output_nc });
    const channels = featureShapes(architecture, nce_layers, 4, 4).map(([count]) => count);
    const F = new Heads(gpu, { channels: this.#hasHeads ? channels : [], width: netF_nc });
    this.generator = G;
    this.networks = { G, D, F };
    const heads = this.#hasHeads ? F : null;
    this.patchFeatures = this.#usesNce ? { heads, layers: nce_layers, patches: num_patches } : null;
  }

  inputs(size: BatchSize): Record<string, InputShape> {
    const drawn = penaltyInputs(this.#options, size);
    if (!this.#usesNce) return drawn;
    const images = this.#identity ? 2 * size.batch : size.batch;
    const counts = this.#patches(size);
    for (const [i, { count }] of counts.entries()) drawn[`ids.${i}`] = { shape: [images, count], dtype: "i32" };
    return drawn;
  }

  /** For each layer a random choice of positions without repeats, for A and then for B. */
  draw(moment: StepMoment): Draw {
    const { random, size } = moment;
    const mirror = this.#options.flip_equivariance && random.next() < 0.5;
    const layers = this.#patches(size);
    const positions = () => layers.map(({ area, count }) => random.permutation(area, count));
    const choices = { x: positions(), y: this.#identity ? positions() : [], mirror };
    return this.arrange({ ...choices, ...drawPenalty(this.#options, moment) }, moment);
  }

  /** A step with these choices: all pictures of a domain have the same positions. */
  arrange({ x, y, mirror, alpha }: CutChoices, { size, step }: Omit<StepMoment, "random">): Draw {
    const values: Record<string, Float32Array | Int32Array> = alpha ? { alpha } : {};
    for (const [i, ofA] of x.entries()) {
      const pictures = [ofA, y[i] ?? []].flatMap((ids) => Array.from({ length: size.batch }, () => [...ids]));
      values[`ids.${i}`] = Int32Array.from(pictures.flat());
    }
    return { kinds: [mirror ? MIRRORED : "", ...penaltyKindsAt(this.#options, step)], values };
  }

  /** Positions of each tapped layer, and how many of them are compared. */
  #patches({ height, width }: BatchSize): { area: number; count: number }[] {
    const { nce_layers, num_patches } = this.#options;
    return featureShapes(this.generator.architecture, nce_layers, height, width).map(([, h, w]) => {
      return { area: h * w, count: Math.min(num_patches, h * w) };
    });
  }

  record({ kind, A, B, drawn, learn, log, logEach }: StepRecording): Record<string, Tensor> {
    const { G, D, F } = this.networks;
    if (kind === R1) {
      const penalty = lazyR1Penalty(D, B, this.#options);
      learn(penalty, "D");
      log({ D_R1: penalty });
      return {};
    }
    const { nce_layers, gan_mode, lambda_GAN, lambda_NCE } = this.#options;
    const [batch] = A.shape;
    const mirror = kind === MIRRORED;
    const taps = this.#usesNce ? nce_layers : [];
    const ids = taps.map((_, i) => drawn(`ids.${i}`));
    // G translates B too where the identity term wants it.
    const source = this.#identity ? concat([A, B]) : A;

    const { image: fake, features } = G.translateWithFeatures(mirror ? flip(source, -1) : source, mirror ? [] : taps);
    // Keys: unit rows of the source's patches, cut off from the tape.
    const keyFeatures = mirror && taps.length ? A.gpu.noGrad(() => G.encode(source, taps)) : features;
    const keys = keyFeatures.map((map, i) => patchKeys(map, ids[i], this.#hasHeads ? F.head(i) : null));

    // D learns; G's images are data to it.
    const judged = { fake: slice(fake.detach(), 0, batch), real: B, drawn };
    const { total, logged } = discriminatorLosses("D", D, judged, this.#options);
    learn(total, "D");

    // G and F learn against the D just updated. The backward pass runs in reverse, so D and its slice of the images
    // come after the encoder here: their gradients are done before the encoder's begin, and the two do not meet in
    // memory.
    const queries = this.#usesNce ? G.encode(fake, taps) : [];
    const verdict = D.judge(slice(fake, 0, batch), frozen(D.parameters));
    const lossGan = scale(ganLoss(gan_mode, verdict, true), lambda_GAN);
    if (!this.#usesNce) {
      learn(lossGan, "G", "F");
      log({ G_GAN: lossGan, ...logged, G: lossGan });
      return { fake };
    }
    const layers = this.#patchLosses(queries, keys, ids, mirror);
    // [layers, terms], the terms being A's and, with identity, B's.
    const terms = scale(mean(layers, [0]), lambda_NCE);
    const lossG = add(lossGan, scale(sum(terms), this.#identity ? 0.5 : 1));
    learn(lossG, "G", "F");
    const names = this.#identity ? ["NCE", "NCE_Y"] : ["NCE"];
    log({ G_GAN: lossGan, ...logged, G: lossG });
    logEach(names, terms);
    logEach(
      taps.flatMap((tap) => names.map((name) => `${name}_${tap}`)),
      layers,
    );
    return { fake };
  }

  /** PatchNCE of every layer and term, without lambda_NCE: [layers, terms]. */
  #patchLosses(features: readonly Tensor[], keys: readonly Tensor[], ids: readonly Tensor[], mirror: boolean): Tensor {
    const { nce_T: tau, nce_includes_all_negatives_from_minibatch: all } = this.#options;
    const terms = this.#identity ? 2 : 1;
    const layers = features.map((map, i) => {
      const features = mirror ? flip(map, -1) : map;
      const groups = all ? terms : map.shape[0];
      const rows = this.#hasHeads
        ? patchNcePath(features, ids[i], this.networks.F.head(i), keys[i], { groups, tau })
        : patchNce(l2Normalize(gatherPositions(features, ids[i])), keys[i], { groups, tau });
      return mean(reshape(rows, [1, terms, rows.size / terms]), [2]);
    });
    return concat(layers);
  }
}
