// Memory against arithmetic while a step is recorded. A tensor that a gradient wants must live from the forward pass to
// the backward pass, unless it is computed once more there. So an operator leaves a recomputation closure for its
// output, and while the tape is reversed a dispatch that reads such an output is given a twin, made then and there by
// the same kernels from the same inputs, hence of the same bits. The original is then not touched after the forward
// pass, which ends its life; twins that nobody reads are never made. Inputs may themselves be twins.
// Where a dispatch writes to what a closure reads, such as an update of parameters, the closure is forgotten: the
// original stays.
// Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016.
import type { Inputs } from "../core/operator.js";
import type { Storage, Tensor } from "../core/tensor.js";

/**
 * What the backward pass of a recorded program recomputes: "nothing"; what costs little beside a convolution ("cheap":
 * norms, activations, padding, resampling); or "everything" but what keepForBackward() names.
 */
export type Rematerialize = "nothing" | "cheap" | "everything";

/** The recomputation closures of one recording. */
export class Recomputation {
  /** By the memory that they fill. */
  readonly #closures = new Map<Storage, () => Tensor>();
  /** What the closures read, with what they make of it. */
  readonly #madeFrom = new Map<Storage, Storage[]>();
  /** What the present reversal has recomputed; null in a forward pass. */
  #twins: Map<Storage, Storage> | null = null;

  constructor(private readonly rematerialize: Rematerialize) {}

  /** Notes how `output` can be recomputed from `inputs`, if that is to be done. */
  add(output: Tensor, inputs: Inputs, cheap: boolean, recompute: () => Tensor): void {
    const { rematerialize } = this;
    if (rematerialize === "nothing" || (rematerialize === "cheap" && !cheap)) return;
    this.#closures.set(output.storage, recompute);
    for (const input of inputs) {
      if (!input) continue;
      const outputs = this.#madeFrom.get(input.storage);
      if (outputs) outputs.push(output.storage);
      else this.#madeFrom.set(input.storage, [output.storage]);
    }
  }

  /** Told of every storage that a dispatch writes to. */
  written(storage: Storage): void {
    for (const output of this.#madeFrom.get(storage) ?? []) this.#closures.delete(output);
    this.#madeFrom.delete(storage);
  }

  /** Marks what is to be kept where everything else is recomputed. */
  keep(output: Tensor): void {
    if (this.rematerialize === "everything") this.#closures.delete(output.storage);
  }

  /** Runs the reversal of a tape. */
  reversing<T>(work: () => T): T {
    const before = this.#twins;
    this.#twins = new Map();
    try {
      return work();
    } finally {
      this.#twins = before;
    }
  }

  /** The storage that a dispatch is to read in the place of this one. */
  resolve(storage: Storage): Storage {
    const recompute = this.#twins && this.#closures.get(storage);
    if (!recompute) return storage;
    let twin = this.#twins?.get(storage);
    if (!twin) {
      twin = recompute().storage;
      this.#twins?.set(storage, twin);
    }
    return twin;
  }
}
