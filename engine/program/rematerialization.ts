// Rematerialization (activation checkpointing) in a recorded step: less memory for more arithmetic (Chen et al.,
// "Training Deep Nets with Sublinear Memory Cost", 2016). A tensor that a gradient needs must live from the forward
// pass to the backward pass, unless it is recomputed there. So each operator registers a recomputation closure for its
// output. During the backward pass, a dispatch that reads such an output gets a copy instead, recomputed at that moment
// by the same kernels from the same inputs, hence with the same bits. The original is not used after the forward pass,
// so its memory can be reused. Copies that nothing reads are never computed. Inputs may themselves be copies.
// Recomputing small outputs saves little memory, so the last small ones are kept, up to a bound.
// Where a dispatch writes to an input of a closure, as an update of parameters does, or to the output, the closure is
// dropped and the original is kept.
import type { Inputs } from "../core/operator.js";
import type { Tensor } from "../core/tensor.js";
import type { Storage } from "../device/storage.js";
import { getOrInsert } from "../lib/maps.js";

/**
 * What the backward pass of a recorded program recomputes: "nothing"; "cheap": what costs little compared with a
 * convolution (norms, activations, padding, resampling), except the last small outputs; or "everything" that
 * keepForBackward() does not name.
 */
export type Rematerialize = "nothing" | "cheap" | "everything";

/** A cheap output up to this fraction of the largest one may be kept: recomputing it would save little memory. */
const SMALL = 1 / 8;

/** The recomputation closures of one recording. */
export class Recomputation {
  /** By the storage of the output that they recompute. */
  readonly #closures = new Map<Storage, () => Tensor>();
  /** For each storage that closures read, whole or in parts, the outputs recomputed from it. */
  readonly #madeFrom = new Map<Storage, Storage[]>();
  /** The copies recomputed so far in this backward pass, by original; null in a forward pass. */
  #copies: Map<Storage, Storage> | null = null;

  constructor(private readonly rematerialize: Rematerialize) {}

  /** Registers how to recompute `output` from `inputs`, if `rematerialize` asks for it. */
  add(output: Tensor, inputs: Inputs, cheap: boolean, recompute: () => Tensor): void {
    const { rematerialize } = this;
    if (rematerialize === "nothing" || (rematerialize === "cheap" && !cheap)) return;
    this.#closures.set(output.storage, recompute);
    for (const input of inputs) {
      if (!input) continue;
      getOrInsert(this.#madeFrom, input.storage.root, () => []).push(output.storage);
    }
  }

  /** Called for every storage that a dispatch writes to. */
  written(storage: Storage): void {
    this.#closures.delete(storage);
    const { root } = storage;
    for (const output of this.#madeFrom.get(root) ?? []) this.#closures.delete(output);
    this.#madeFrom.delete(root);
  }

  /** Marks an output to keep where everything else is recomputed. */
  keep(output: Tensor): void {
    if (this.rematerialize === "everything") this.#closures.delete(output.storage);
  }

  /** Runs a backward pass. */
  backward<T>(work: () => T): T {
    const before = this.#copies;
    this.#copies = new Map();
    if (this.rematerialize === "cheap") this.#keepSmall();
    try {
      return work();
    } finally {
      this.#copies = before;
    }
  }

  /** Keeps the last small outputs, as many as together take no more memory than the largest output. */
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

  /** The storage for a dispatch to read: in a backward pass the recomputed copy, if there is a closure for it. */
  resolve(storage: Storage): Storage {
    const recompute = this.#closures.get(storage);
    if (!recompute || !this.#copies) return storage;
    return getOrInsert(this.#copies, storage, () => recompute().storage);
  }
}
