// Memory against arithmetic while a step is recorded (Chen et al., "Training Deep Nets with Sublinear Memory Cost",
// 2016). A tensor that a gradient needs must live from the forward pass to the backward pass, unless it is recomputed
// there. So an operator leaves a recomputation closure for its output. While the tape is reversed, a dispatch that
// reads such an output gets a copy instead, recomputed at that moment by the same kernels from the same inputs, hence
// with the same bits. The original is not used after the forward pass, so its memory serves other tensors. Copies that
// nobody reads are never computed. Inputs may themselves be copies.
// Recomputing what is small saves little, so the latest small outputs are kept after all, within a bound.
// Where a dispatch writes to what a closure reads, such as an update of parameters, the closure is dropped and the
// original is kept.
import type { Inputs } from "../core/operator.js";
import type { Storage, Tensor } from "../core/tensor.js";

/**
 * What the backward pass of a recorded program recomputes: "nothing"; what costs little beside a convolution ("cheap":
 * norms, activations, padding, resampling; but not the smallest of the last); or "everything" but what
 * keepForBackward() names.
 */
export type Rematerialize = "nothing" | "cheap" | "everything";

/** What is cheap and so small beside the largest such output may be kept: recomputing it would save little memory. */
const SMALL = 1 / 8;

/** The recomputation closures of one recording. */
export class Recomputation {
  /** By the memory that they fill. */
  readonly #closures = new Map<Storage, () => Tensor>();
  /** For each storage that closures read, or parts of it, the outputs that they recompute from it. */
  readonly #madeFrom = new Map<Storage, Storage[]>();
  /** The copies that the present reversal has recomputed, by original; null in a forward pass. */
  #copies: Map<Storage, Storage> | null = null;

  constructor(private readonly rematerialize: Rematerialize) {}

  /** Notes how `output` can be recomputed from `inputs`, if `rematerialize` asks for it. */
  add(output: Tensor, inputs: Inputs, cheap: boolean, recompute: () => Tensor): void {
    const { rematerialize } = this;
    if (rematerialize === "nothing" || (rematerialize === "cheap" && !cheap)) return;
    this.#closures.set(output.storage, recompute);
    for (const input of inputs) {
      if (!input) continue;
      const { root } = input.storage;
      const outputs = this.#madeFrom.get(root);
      if (outputs) outputs.push(output.storage);
      else this.#madeFrom.set(root, [output.storage]);
    }
  }

  /** Told of every storage that a dispatch writes to. */
  written({ root }: Storage): void {
    for (const output of this.#madeFrom.get(root) ?? []) this.#closures.delete(output);
    this.#madeFrom.delete(root);
  }

  /** Marks what is to be kept where everything else is recomputed. */
  keep(output: Tensor): void {
    if (this.rematerialize === "everything") this.#closures.delete(output.storage);
  }

  /** Runs the reversal of a tape. */
  reversing<T>(work: () => T): T {
    const before = this.#copies;
    this.#copies = new Map();
    if (this.rematerialize === "cheap") this.#keepSmall();
    try {
      return work();
    } finally {
      this.#copies = before;
    }
  }

  /** Keeps the latest of the small outputs, as many as take no more memory than the largest output takes. */
  #keepSmall(): void {
    const outputs = [...this.#closures.keys()].reverse();
    const largest = outputs.reduce((most, { bytes }) => Math.max(most, bytes), 0);
    let left = largest;
    for (const output of outputs) {
      if (output.bytes > SMALL * largest || output.bytes > left) continue;
      left -= output.bytes;
      this.#closures.delete(output);
    }
  }

  /** The storage that a dispatch reads in place of this one: in a backward pass its recomputed copy. */
  resolve(storage: Storage): Storage {
    const recompute = this.#copies && this.#closures.get(storage);
    if (!recompute) return storage;
    let copy = this.#copies?.get(storage);
    if (!copy) {
      copy = recompute().storage;
      this.#copies?.set(storage, copy);
    }
    return copy;
  }
}
