// How well a patch of the translation finds its own patch of the input among the others of the picture: the share of
// patches that do, layer by layer. The patch losses train for it, and it says more than their values. Positions are
// drawn once per size, so that figures of one run are comparable. One forward pass and one product per layer; no
// gradient.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { Random } from "../../engine/lib/random.js";
import { matmul } from "../../engine/operators/matmul/index.js";
import { patchKeys } from "../../engine/operators/patch-nce/index.js";
import { type Program, record } from "../../engine/program/program.js";
import type { Picture } from "../data/picture.js";
import { shapeAt } from "../networks/network.js";
import { padForGenerator } from "../translation/padding.js";
import { SizedPass } from "../translation/sized-pass.js";
import type { InspectModel } from "./inspection-model.js";

/** A row of a run's log: the share of each layer, by its name. */
export interface RetrievalRow {
  step: number;
  shares: Record<string, number>;
}

interface Pass {
  input: Tensor;
  /** [patches, patches] per layer: the similarity of each patch of the output with each of the input. */
  similarities: Tensor[];
  program: Program;
}

/** Measures one model, whose weights may change between pictures; the caller disposes them. */
export class Retrieval {
  readonly #model: Omit<InspectModel, "tau">;
  readonly #passes: SizedPass<Pass>;

  /** `patches`: the maximum number compared per layer, as num_patches in training. */
  constructor(gpu: Gpu, model: Omit<InspectModel, "tau">, patches: number) {
    this.#model = model;
    const { generator, heads, layers } = model;
    this.#passes = new SizedPass(async ({ height, width }, own) => {
      const random = new Random(0);
      const ids = layers
        .map((layer) => shapeAt(generator.tap(layer), height, width))
        .map(([, h, w]) => own(gpu.tensor(random.permutation(h * w, Math.min(patches, h * w)))));
      const work = () =>
        gpu.noGrad(() => {
          const input = gpu.empty([1, generator.architecture.input_nc, height, width]);
          const { image, features } = generator.translateWithFeatures(input, layers);
          const translated = generator.encode(image, layers);
          const rows = (map: Tensor, i: number) => patchKeys(map, ids[i], heads?.head(i) ?? null);
          const products = features.map((map, i) => matmul(rows(translated[i], i), rows(map, i), { transposeB: true }));
          return { input, similarities: products };
        });
      const { program, result } = await record(gpu, work);
      return { ...result, program: own(program) };
    });
  }

  /** The share of patches whose own key is nearer than all others, in the order of the layers; ties do not count. */
  async accuracy(picture: Picture): Promise<number[]> {
    const padded = padForGenerator(picture, this.#model.generator.architecture);
    return this.#passes.use(padded, ({ input, program, similarities }) => {
      input.write(padded.planes);
      program.replay();
      return Promise.all(similarities.map(async (tensor) => shareOfBestOwn(await tensor.read(), tensor.shape[0])));
    });
  }

  dispose(): void {
    this.#passes.dispose();
  }
}

/** The share of rows of a square matrix whose entry on the diagonal is above all others. */
export function shareOfBestOwn(similarities: ArrayLike<number>, size: number): number {
  let found = 0;
  for (let i = 0; i < size; i++) {
    const own = similarities[i * size + i];
    let best = true;
    for (let j = 0; j < size && best; j++) best = j === i || similarities[i * size + j] < own;
    if (best) found++;
  }
  return found / size;
}
