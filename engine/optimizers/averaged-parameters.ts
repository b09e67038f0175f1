// Exponential moving averages of parameters: a generator that averages its last steps is often better than the one of
// the last step alone (Yazici et al., 2019, https://arxiv.org/abs/1806.04498; PyTorch's AveragedModel with
// get_ema_multi_avg_fn). The averages lie together, so that parameters that do, too, are followed by all at once.
import { checkValue } from "../core/check-options.js";
import type { Storage, Tensor } from "../core/tensor.js";
import type { Gpu } from "../device/gpu.js";
import { moveTowards } from "../operators/normalization/index.js";
import { DECAY, flatTensor } from "./optimizer.js";

type Pair = readonly [average: Tensor, parameter: Tensor];

/**
 * Averages of parameters, which every update moves: an average becomes decay * average + (1 - decay) * parameter.
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
  /** By the parameters' names; tensors that outlive scopes and recordings. */
  readonly averages: ReadonlyMap<string, Tensor>;
  readonly #gpu: Gpu;
  readonly #pairs: readonly Pair[];
  readonly #decay: number;

  /** The averages begin as the parameters are. */
  constructor(gpu: Gpu, parameters: ReadonlyMap<string, Tensor>, decay: number) {
    checkValue("AveragedParameters: the decay", decay, DECAY);
    const averages = gpu.persistentFlat([...parameters.values()].map(({ shape }) => shape));
    this.averages = new Map([...parameters.keys()].map((name, i) => [name, averages[i]]));
    this.#gpu = gpu;
    this.#pairs = [...parameters.values()].map((parameter, i) => [averages[i], parameter]);
    this.#decay = decay;
    this.restart();
  }

  /** Makes the averages what the parameters are. */
  restart(): void {
    for (const [average, parameter] of this.#pairs) average.copyFrom(parameter);
  }

  /** Moves the averages towards the parameters. May be recorded. */
  update(): void {
    const wholes = this.#wholes();
    for (const [average, parameter] of wholes ?? this.#pairs) moveTowards(average, parameter, 1 - this.#decay);
    for (const tensor of wholes?.flat() ?? []) tensor.dispose();
  }

  /** The buffers of averages and parameters as tensors, where each lies in its own as the other does. */
  #wholes(): Pair[] | null {
    const buffers = new Map(this.#pairs.map(([average, { storage }]) => [average.storage.root, storage.root]));
    const alike = this.#pairs.every(([{ storage }, parameter]) => {
      const { root, offset } = parameter.storage;
      const { bytes } = storage.root;
      return buffers.get(storage.root) === root && offset === storage.offset && bytes === root.bytes;
    });
    const whole = (storage: Storage) => flatTensor(this.#gpu, storage);
    return alike ? [...buffers].map(([average, parameter]) => [whole(average), whole(parameter)] as const) : null;
  }

  /** Gives the averages' memory back. */
  dispose(): void {
    for (const average of this.averages.values()) average.dispose();
  }
}
