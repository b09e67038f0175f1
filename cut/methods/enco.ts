// EnCo (https://arxiv.org/abs/2211.10867; docs/method.md, section 15), as XiudingCai/EnCo-pytorch has it: features of
// the decoder predict those of the encoder at the same positions, in one pass through the generator and without
// negatives. The published code's warm-up and its extra mirroring of inputs are left out.
import type { Gpu } from "../../engine/core/gpu.js";
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { gatherPositions } from "../../engine/operators/gather/index.js";
import { l1Loss } from "../../engine/operators/losses/index.js";
import { add, scale } from "../../engine/operators/pointwise/index.js";
import { mean } from "../../engine/operators/reduction/index.js";
import { concat, slice } from "../../engine/operators/strided/index.js";
import { Discriminator } from "../networks/discriminator.js";
import { Generator } from "../networks/generator.js";
import { generatorArchitecture, tappedChannels } from "../networks/generator-layout.js";
import { frozen } from "../networks/network.js";
import { Projections, predict, project } from "../networks/projections.js";
import type { TrainOptions } from "../options/train-schema.js";
import { drawSampling, samplePositions, samplingInputs } from "./attention-sampling.js";
import { DiscriminatorLosses } from "./discriminator-loss.js";
import { ganLoss } from "./gan-loss.js";
import type { AdamSettings, BatchSize, Draw, InputShape, Method, StepContext, StepRecording } from "./method.js";
import { cosineDistance } from "./patch-losses.js";
import { patchCounts } from "./patch-positions.js";

const IDENTITY = "";
const NO_IDENTITY = "no identity";

export class EnCo implements Method {
  readonly generator: Generator;
  readonly networks: { G: Generator; D: Discriminator; F: Projections };
  readonly adam: Readonly<Record<string, AdamSettings>>;
  /** The loss does not use features of translations. */
  readonly patchFeatures = null;
  readonly kinds: readonly string[];
  readonly #options: TrainOptions;
  readonly #lossD: DiscriminatorLosses;

  constructor(gpu: Gpu, options: TrainOptions) {
    this.#options = options;
    const architecture = generatorArchitecture(options);
    this.generator = new Generator(gpu, architecture);
    const D = new Discriminator(gpu, { ...options, input_nc: options.output_nc });
    const channels = tappedChannels(architecture, this.#encoderTaps);
    this.networks = { G: this.generator, D, F: new Projections(gpu, channels, options.netF_nc) };
    this.#lossD = new DiscriminatorLosses(options, { D });
    const { lr, lr_D, lr_F, beta1, beta2, lambda_IDT } = options;
    const ofD = this.#lossD.adam["D"];
    this.adam = { D: { ...ofD, rate: (ofD.rate * lr_D) / lr }, F: { beta1, beta2, rate: lr_F / lr } };
    this.kinds = [...(lambda_IDT > 0 ? [IDENTITY] : []), NO_IDENTITY, ...this.#lossD.kinds];
  }

  /** The first half of the taps. Pairs go from the outside in: the first tap with the last. */
  get #encoderTaps(): readonly number[] {
    return this.#options.nce_layers.slice(0, this.#options.nce_layers.length / 2);
  }

  #layers(size: BatchSize) {
    return patchCounts(this.#options, size).slice(0, this.#encoderTaps.length);
  }

  inputs(size: BatchSize): Record<string, InputShape> {
    const inputs = this.#layers(size).map((layer, i) => samplingInputs(layer, i, size));
    return Object.assign(this.#lossD.inputs(size), ...inputs);
  }

  draw(context: StepContext): Draw {
    const { random, size, epoch, step } = context;
    const { lambda_IDT, stop_idt_epochs, n_epochs } = this.#options;
    const identity = lambda_IDT > 0 && epoch <= (stop_idt_epochs ?? n_epochs);
    const drawn = this.#layers(size).map((layer, i) => drawSampling(random, layer, i, size));
    const values = Object.assign({}, ...drawn, this.#lossD.draw(context));
    return { kinds: [identity ? IDENTITY : NO_IDENTITY, ...this.#lossD.kindsAt(step)], values };
  }

  record(step: StepRecording): Record<string, Tensor> {
    const { kind, A, B, drawn, learn, log, logEach } = step;
    const { G, D } = this.networks;
    const { gan_mode, lambda_GAN, lambda_NCE, lambda_IDT, nce_layers } = this.#options;
    if (this.#lossD.recordR1(step, { D: B })) return {};
    const [batch] = A.shape;
    const identity = kind === IDENTITY;
    const { image, features } = G.translateWithFeatures(identity ? concat([A, B]) : A, nce_layers);
    const own = (x: Tensor) => slice(x, 0, batch);
    const fake = own(image);
    const logged = this.#lossD.update(step, "D", { fake, real: B });

    const predFake = D.score(fake, frozen(D.parameters));
    const lossGan = scale(ganLoss(gan_mode, predFake, [true]), lambda_GAN);
    const layers = this.#consistency(features.map(own), predFake, drawn);
    const consistency = scale(mean(layers), lambda_NCE);
    const losses: Record<string, Tensor> = { G_GAN: lossGan, BYOL: consistency };
    if (identity) losses["idt"] = scale(l1Loss(slice(image, batch, 2 * batch), B), lambda_IDT);
    const content = identity ? scale(add(consistency, losses["idt"]), 0.5) : consistency;
    losses["G"] = add(lossGan, content);
    learn(losses["G"], "G", "F");
    log(losses);
    for (const [names, values] of logged) logEach(names, values);
    logEach(
      this.#encoderTaps.map((tap) => `BYOL_${tap}`),
      layers,
    );
    return { fake };
  }

  /** By pair, the distance of predictions from the decoder's features [B, C, H, W] to the encoder's: [pairs]. */
  #consistency(features: readonly Tensor[], scores: Tensor, drawn: (name: string) => Tensor): Tensor {
    const { F } = this.networks;
    const losses = this.#encoderTaps.map((_, i) => {
      const [encoded, decoded] = [features[i].detach(), features[features.length - 1 - i]];
      const [, , height, width] = encoded.shape;
      const count = Math.min(this.#options.num_patches, height * width);
      const choices = { candidates: drawn(`candidates.${i}`), others: drawn(`others.${i}`) };
      const positions = samplePositions(scores, choices, { size: [height, width], count });
      const rows = (map: Tensor) => project(gatherPositions(map, positions), F.projection(i));
      const keys = encoded.gpu.noGrad(() => rows(encoded));
      return cosineDistance(predict(rows(decoded), F.predictor(i)), keys);
    });
    return concat(losses.map((loss) => reshape(loss, [1])));
  }
}
