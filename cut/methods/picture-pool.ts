// The pool of earlier translations that discriminators are also trained on (Shrivastava et al., CVPR 2017; ImagePool of
// CycleGAN). While it fills, each picture is stored and returned. Once it is full, each picture is, with probability
// 1/2, returned as it is, or else stored in exchange for a random one of the pool.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { Random } from "../../engine/lib/random.js";
import { indexSelect } from "../../engine/operators/gather/index.js";
import { concat, copyInto } from "../../engine/operators/strided/index.js";
import type { BatchSize, InputShape } from "./method.js";

type Drawn = (name: string) => Tensor;

export class PicturePool {
  /** The pictures [size, channels, side, side]; null where the size is 0 and all pictures are returned as they are. */
  readonly pictures: Tensor | null;
  readonly #name: string;
  readonly #size: number;

  constructor(gpu: Gpu, name: string, { size, channels, side }: { size: number; channels: number; side: number }) {
    this.#name = name;
    this.#size = size;
    this.pictures = size > 0 ? gpu.persistent([size, channels, side, side]) : null;
    this.pictures?.write(new Float32Array(this.pictures.size));
  }

  inputs({ batch }: BatchSize): Record<string, InputShape> {
    if (!this.pictures) return {};
    const rows = (n: number): InputShape => ({ shape: [n], dtype: "i32" });
    return { [`${this.#name}.passed`]: rows(batch), [`${this.#name}.kept`]: rows(this.#size) };
  }

  /** For each picture of a batch the index in a full pool that it is exchanged with, or -1. */
  draw(random: Random, { batch }: BatchSize): Int32Array {
    const choose = () => (this.#size > 0 && random.next() > 0.5 ? random.integer(this.#size) : -1);
    return Int32Array.from({ length: batch }, choose);
  }

  /**
   * Which rows of the pool followed by the batch are returned and kept, and the number of pictures then in the pool.
   */
  valuesFor(decisions: Int32Array, taken: number): { values: Record<string, Int32Array>; taken: number } {
    const kept = Int32Array.from({ length: this.#size }, (_, place) => place);
    let filled = taken;
    const passed = decisions.map((place, i) => {
      const row = this.#size + i;
      const free = filled < this.#size;
      if (!free && place < 0) return row;
      const out = free ? row : kept[place];
      kept[free ? filled++ : place] = row;
      return out;
    });
    if (!this.pictures) return { values: {}, taken };
    return { values: { [`${this.#name}.passed`]: passed, [`${this.#name}.kept`]: kept }, taken: filled };
  }

  /** The pictures that the pool returns for these. */
  exchange(pictures: Tensor, drawn: Drawn): Tensor {
    const pool = this.pictures;
    if (!pool) return pictures.detach();
    const { gpu } = pool;
    return gpu.noGrad(() => {
      const all = concat([pool, pictures.detach()]);
      const passed = indexSelect(all, 0, drawn(`${this.#name}.passed`));
      copyInto(gpu, indexSelect(all, 0, drawn(`${this.#name}.kept`)), pool, pool.size);
      return passed;
    });
  }
}
