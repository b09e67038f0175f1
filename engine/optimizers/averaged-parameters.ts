// Exponential moving averages of parameters: a generator whose weights are averaged over the last steps is often better
// than that of the last step (Yazici et al., 2019, https://arxiv.org/abs/1806.04498; PyTorch's AveragedModel with
// get_ema_multi_avg_fn). The averages are in a flat buffer, so that parameters in one, too, take one dispatch.
import type { Gpu } from "../core/gpu.js";
import type { Tensor } from "../core/tensor.js";
import type { Storage } from "../device/storage.js";
import { checkValue, namedTensors } from "../lib/check-options.js";
import { moveTowards } from "../operators/normalization/index.js";
import { DECAY, flatTensor } from "./optimizer.js";

type Pair = readonly [average: Tensor, parameter: Tensor];

/**
 * Averages of parameters: with each update an average becomes decay * average + (1 - decay) * parameter.
 *
 * @example
 * ```ts
 * const weight = gpu.tensor([0]);
 * const averaged = new AveragedParameters(gpu, new Map([["weight", weight]]), 0.75);
 * weight.write([8]);
 * averaged.update();
 * console.log(await averaged.averages.get("weight")?.item()); // 2
 * averaged.dispose();
 * ```
 */
export class AveragedParameters {
  /** The averages by the parameters' names; they outlive scopes and recordings. */
  readonly averages: ReadonlyMap<string, Tensor>;
  readonly #gpu: Gpu;
  readonly #pairs: readonly Pair[];
  readonly #decay: number;

  /** The averages start as copies of the parameters. */
  constructor(gpu: Gpu, parameters: ReadonlyMap<string, Tensor>, decay: number) {
    checkValue("AveragedParameters: the parameters", parameters, namedTensors);
    checkValue("AveragedParameters: the decay", decay, DECAY);
    const averages = gpu.persistentFlat([...parameters.values()].map(({ shape }) => shape));
    this.averages = new Map([...parameters.keys()].map((name, i) => [name, averages[i]]));
    this.#gpu = gpu;
    this.#pairs = [...parameters.values()].map((parameter, i) => [averages[i], parameter]);
    this.#decay = decay;
    try {
      this.reset();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Sets the averages to the current parameters. */
  reset(): void {
    for (const [average, parameter] of this.#pairs) average.copyFrom(parameter);
  }

  /** Moves the averages towards the parameters. May be recorded. */
  update(): void {
    const flat = this.#flatPairs();
    for (const [average, parameter] of flat ?? this.#pairs) moveTowards(average, parameter, 1 - this.#decay);
    for (const tensor of flat?.flat() ?? []) tensor.dispose();
  }

  /** The flat buffers of averages and parameters as tensors, or null if their layouts differ. */
  #flatPairs(): Pair[] | null {
    const buffers = new Map(this.#pairs.map(([average, { storage }]) => [average.storage.root, storage.root]));
    const sameLayout = this.#pairs.every(([{ storage }, parameter]) => {
      const { root, offset } = parameter.storage;
      const { bytes } = storage.root;
      return buffers.get(storage.root) === root && offset === storage.offset && bytes === root.bytes;
    });
    const flat = (storage: Storage) => flatTensor(this.#gpu, storage);
    return sameLayout ? [...buffers].map(([average, parameter]) => [flat(average), flat(parameter)] as const) : null;
  }

  /** Frees the averages. */
  dispose(): void {
    for (const average of this.averages.values()) average.dispose();
  }
}
