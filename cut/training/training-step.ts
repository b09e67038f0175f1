// One training step of CUT (docs/method.md sections 3 and 4), recorded once for a size of pictures and replayed.
// Order as in the reference: G once over A and B together, D's update, then G's and F's update against the updated D.
// Keys are taken from that same forward pass (G has not changed since), except in FastCUT's mirrored steps, where
// mirror and blur do not commute and the encoder runs a second time. Losses stay on the GPU until somebody reads them.

import { grad } from "../../engine/core/autograd.js";
import { ArgumentError } from "../../engine/core/errors.js";
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { gatherPositions } from "../../engine/operators/gather/index.js";
import { l2Normalize, patchKeys, patchNce, patchNcePath } from "../../engine/operators/patch-nce/index.js";
import { add, scale } from "../../engine/operators/pointwise/index.js";
import { mean, sum } from "../../engine/operators/reduction/index.js";
import { concat, flip as mirrored, slice } from "../../engine/operators/strided/index.js";
import { Adam } from "../../engine/optimizers/index.js";
import { Arena, type Program, record } from "../../engine/program/program.js";
import type { Random } from "../../engine/random.js";
import { Discriminator } from "../networks/discriminator.js";
import { Generator } from "../networks/generator.js";
import { featureShapes, generatorArchitecture } from "../networks/generator-layout.js";
import { Heads } from "../networks/heads.js";
import { frozen } from "../networks/network.js";
import { adviseOnLimit } from "../options/limit-advice.js";
import type { TrainOptions } from "../options/train-schema.js";
import { ganLoss } from "./gan-loss.js";

/** The options that decide what a step computes. */
export type StepOptions = Pick<
  TrainOptions,
  | ("input_nc" | "output_nc" | "ngf" | "ndf" | "netG" | "netD" | "n_layers_D" | "no_antialias" | "no_antialias_up")
  | ("netF" | "netF_nc" | "nce_layers" | "nce_T" | "nce_idt" | "num_patches" | "flip_equivariance")
  | ("nce_includes_all_negatives_from_minibatch" | "lambda_GAN" | "lambda_NCE" | "gan_mode" | "beta1" | "beta2")
  | "low_memory"
>;

/** Patch positions of one step, one array per tapped layer: row-major y * W + x. */
export interface PatchPositions {
  /** For the pictures of A. */
  x: Int32Array[];
  /** For those of B, in the identity term. */
  y: Int32Array[];
}

export interface StepInput {
  /** Pictures [N, C, H, W] in [-1, 1]. */
  A: Float32Array;
  B: Float32Array;
  height: number;
  width: number;
  positions: PatchPositions;
  /** Whether this step is mirrored (FastCUT). */
  flip: boolean;
  learningRate: number;
}

/** Losses of a step by name, as the reference prints them; NCE and NCE_Y have lambda_NCE in, NCE_<layer> have not. */
export type StepLosses = Record<string, number>;

/** A step recorded for one size of pictures and one state of the mirror. */
interface RecordedStep {
  program: Program;
  real: Tensor;
  ids: Tensor[];
  fake: Tensor;
  losses: Tensor;
  gradients: { G: Tensor[]; D: Tensor[]; F: Tensor[] };
}

export class TrainingStep {
  readonly gpu: Gpu;
  readonly options: StepOptions;
  readonly G: Generator;
  readonly D: Discriminator;
  readonly F: Heads;
  readonly adam: { G: Adam; D: Adam; F: Adam };
  readonly lossNames: readonly string[];
  readonly #recorded = new Map<string, RecordedStep>();
  readonly #arena = new Arena();
  #last: RecordedStep | null = null;

  constructor(gpu: Gpu, options: StepOptions) {
    this.gpu = gpu;
    this.options = options;
    const architecture = generatorArchitecture(options);
    this.G = new Generator(gpu, architecture);
    this.D = new Discriminator(gpu, { ...options, input_nc: options.output_nc });
    const channels = featureShapes(architecture, options.nce_layers, 4, 4).map(([count]) => count);
    this.F = new Heads(gpu, { channels: this.#hasHeads ? channels : [], width: options.netF_nc });
    const { beta1, beta2 } = options;
    const optimizer = ({ parameters }: { parameters: ReadonlyMap<string, Tensor> }) =>
      new Adam(gpu, parameters, { beta1, beta2 });
    this.adam = { G: optimizer(this.G), D: optimizer(this.D), F: optimizer(this.F) };
    const { nce_layers } = options;
    this.lossNames = [
      ...["G_GAN", "D_real", "D_fake", "D", "G"],
      ...(this.#usesNce ? ["NCE", ...(this.#identity ? ["NCE_Y"] : [])] : []),
      ...(this.#usesNce ? nce_layers : []).flatMap((layer) =>
        this.#identity ? [`NCE_${layer}`, `NCE_Y_${layer}`] : [`NCE_${layer}`],
      ),
    ];
  }

  get #usesNce(): boolean {
    return this.options.lambda_NCE > 0;
  }

  get #identity(): boolean {
    return this.#usesNce && this.options.nce_idt;
  }

  get #hasHeads(): boolean {
    return this.#usesNce && this.options.netF === "mlp_sample";
  }

  /** Number of patches in each layer for pictures of a size. */
  patchCounts(height: number, width: number): { area: number; count: number }[] {
    return featureShapes(generatorArchitecture(this.options), this.options.nce_layers, height, width).map(
      ([, h, w]) => ({
        area: h * w,
        count: Math.min(this.options.num_patches, h * w),
      }),
    );
  }

  /** Draws the positions of one step: for each layer a random choice without repeats, for A and then for B. */
  drawPositions(random: Random, height: number, width: number): PatchPositions {
    const counts = this.patchCounts(height, width);
    const draw = () => counts.map(({ area, count }) => random.permutation(area, count));
    return { x: draw(), y: this.#identity ? draw() : [] };
  }

  /** Records the step for pictures of a size, if that has not been done. */
  async prepare(batch: number, height: number, width: number, flip: boolean): Promise<void> {
    await this.#step(batch, height, width, flip);
  }

  /** Trains on one batch. Resolves when the step is given to the GPU, not when it is done. */
  async run(input: StepInput): Promise<void> {
    const { A, B, height, width, positions, flip, learningRate } = input;
    const batch = A.length / (this.options.input_nc * height * width);
    const step = await this.#step(batch, height, width, flip);
    const both = new Float32Array(A.length + B.length);
    both.set(A);
    both.set(B, A.length);
    step.real.write(both);
    step.ids.forEach((ids, i) => {
      const patches = positions.x[i].length;
      const rows = new Int32Array(ids.size);
      for (let row = 0; row * patches < rows.length; row++) {
        rows.set(row < batch ? positions.x[i] : positions.y[i], row * patches);
      }
      ids.write(rows);
    });
    for (const adam of Object.values(this.adam)) adam.advance(learningRate);
    step.program.replay();
    this.#last = step;
  }

  /** Losses of the latest step. The read is queued now, so later steps do not change it. */
  async losses(): Promise<StepLosses> {
    const values = await this.#latest().losses.read();
    return Object.fromEntries(this.lossNames.map((name, i) => [name, values[i]]));
  }

  /** The latest step's translations: of A, then, with the identity term, of B. [N or 2 N, C, H, W]. */
  get fake(): Tensor {
    return this.#latest().fake;
  }

  /** The latest step's gradients by network, in the order of the parameters. */
  get gradients(): { G: Tensor[]; D: Tensor[]; F: Tensor[] } {
    return this.#latest().gradients;
  }

  /** Dispatches in one step, and bytes of its buffers beyond parameters and moments. */
  get size(): { dispatches: number; bytes: number } {
    const { program } = this.#latest();
    return { dispatches: program.length, bytes: program.bytes };
  }

  /** Gives all memory back. */
  dispose(): void {
    for (const { program, real, ids } of this.#recorded.values()) {
      program.dispose();
      for (const tensor of [real, ...ids]) tensor.dispose();
    }
    this.#recorded.clear();
    for (const adam of Object.values(this.adam)) adam.dispose();
    for (const network of [this.G, this.D, this.F]) for (const tensor of network.parameters.values()) tensor.dispose();
  }

  #latest(): RecordedStep {
    if (!this.#last) throw new ArgumentError("no step has been run yet", "Call run() first.");
    return this.#last;
  }

  async #step(batch: number, height: number, width: number, flip: boolean): Promise<RecordedStep> {
    const key = `${batch},${height},${width},${flip}`;
    const known = this.#recorded.get(key);
    if (known) return known;
    const step = await this.#record(batch, height, width, flip).catch(adviseOnLimit);
    this.#recorded.set(key, step);
    return step;
  }

  async #record(batch: number, height: number, width: number, flip: boolean): Promise<RecordedStep> {
    const { gpu, options } = this;
    // G translates B too where the identity term wants it.
    const images = this.#identity ? 2 * batch : batch;
    const real = gpu.persistent([2 * batch, options.input_nc, height, width]);
    const ids = this.#usesNce
      ? this.patchCounts(height, width).map(({ count }) => gpu.persistent([images, count], "i32"))
      : [];
    const { program, result } = await record(gpu, () => this.#compute(real, ids, batch, images, flip), this.#arena, {
      rematerialize: options.low_memory ? "everything" : "cheap",
    });
    return { program, real, ids, ...result };
  }

  #compute(real: Tensor, ids: readonly Tensor[], batch: number, images: number, flip: boolean) {
    const { G, D, F, adam, options } = this;
    const { nce_layers, gan_mode, lambda_GAN, lambda_NCE } = options;
    const taps = this.#usesNce ? nce_layers : [];
    const source = images === 2 * batch ? real : slice(real, 0, batch);
    const realB = slice(real, batch, 2 * batch);

    const { image: fake, features } = G.translateWithFeatures(flip ? mirrored(source, -1) : source, flip ? [] : taps);
    // Keys: unit rows of the source's patches, cut off from the tape.
    const keyFeatures = flip && taps.length ? this.gpu.noGrad(() => G.encode(source, taps)) : features;
    const keys = keyFeatures.map((map, i) => patchKeys(map, ids[i], this.#hasHeads ? F.head(i) : null));

    // D learns; G's images are data to it.
    const scores = D.judge(concat([slice(fake.detach(), 0, batch), realB]));
    const lossFake = ganLoss(gan_mode, slice(scores, 0, batch), false);
    const lossReal = ganLoss(gan_mode, slice(scores, batch, 2 * batch), true);
    const lossD = scale(add(lossFake, lossReal), 0.5);
    const gradientsD = grad(lossD, [...D.parameters.values()]);
    adam.D.update(gradientsD);

    // G and F learn against the D just updated. The backward pass runs in reverse, so D and its slice of the images
    // come after the encoder here: their gradients are done before the encoder's begin, and the two do not meet in
    // memory.
    const queries = this.#usesNce ? G.encode(fake, taps) : [];
    const verdict = D.judge(slice(fake, 0, batch), frozen(D.parameters));
    const lossGan = scale(ganLoss(gan_mode, verdict, true), lambda_GAN);
    let lossG = lossGan;
    const nce: Tensor[] = [];
    if (this.#usesNce) {
      const layers = this.#patchLosses(queries, keys, ids, images, images / batch, flip);
      // [layers, terms], the terms being A's and, with identity, B's.
      const terms = scale(mean(layers, [0]), lambda_NCE);
      lossG = add(lossGan, scale(sum(terms), this.#identity ? 0.5 : 1));
      nce.push(terms, reshape(layers, [layers.size]));
    }
    const parametersG = [...G.parameters.values()];
    const gradients = grad(lossG, [...parametersG, ...F.parameters.values()]);
    const gradientsG = gradients.slice(0, parametersG.length);
    const gradientsF = gradients.slice(parametersG.length);
    adam.G.update(gradientsG);
    adam.F.update(gradientsF);

    const scalars = [lossGan, lossReal, lossFake, lossD, lossG].map((loss) => reshape(loss, [1]));
    const losses = this.gpu.noGrad(() => concat([...scalars, ...nce].map((loss) => loss.detach())));
    return { fake, losses, gradients: { G: gradientsG, D: gradientsD, F: gradientsF } };
  }

  /** PatchNCE of every layer and term, without lambda_NCE: [layers, terms]. */
  #patchLosses(
    features: readonly Tensor[],
    keys: readonly Tensor[],
    ids: readonly Tensor[],
    images: number,
    terms: number,
    flip: boolean,
  ): Tensor {
    const { nce_T: tau, nce_includes_all_negatives_from_minibatch: all } = this.options;
    const groups = all ? terms : images;
    const layers = features.map((map, i) => {
      const features = flip ? mirrored(map, -1) : map;
      const rows = this.#hasHeads
        ? patchNcePath(features, ids[i], this.F.head(i), keys[i], { groups, tau })
        : patchNce(l2Normalize(gatherPositions(features, ids[i])), keys[i], { groups, tau });
      return mean(reshape(rows, [1, terms, rows.size / terms]), [2]);
    });
    return concat(layers);
  }
}
