// The recorder that programs are made from: it collects dispatches in order, uploaded constants, and the recomputation
// closures for the backward pass. Storages made while recording are virtual: they have no memory yet.
import type { Gpu } from "../core/gpu.js";
import type { Inputs } from "../core/operator.js";
import type { Dispatch, Recorder } from "../core/recorder.js";
import type { Tensor } from "../core/tensor.js";
import { accessesOf } from "../device/kernel-source.js";
import { Storage } from "../device/storage.js";
import { checkValue, tensor } from "../lib/check-options.js";
import { copyInto } from "../operators/strided/index.js";
import { Recomputation, type Rematerialize } from "./rematerialization.js";

export class Recording implements Recorder {
  readonly dispatches: Dispatch[] = [];
  /** Buffers that the program owns: uploaded constants, and memory of tensors disposed while recording. */
  readonly constants: GPUBuffer[] = [];
  readonly #recomputation: Recomputation;

  constructor(rematerialize: Rematerialize) {
    this.#recomputation = new Recomputation(rematerialize);
  }

  dispatch(dispatch: Dispatch): void {
    // Recomputing an input adds dispatches of its own, before this one.
    const storages = accessesOf(dispatch.source).map((access, i) => {
      const storage = dispatch.storages[i];
      if (access === "read") return this.#recomputation.resolve(storage);
      this.#recomputation.written(storage);
      return storage;
    });
    this.dispatches.push({ ...dispatch, storages });
  }

  copy(source: Tensor, target: Tensor): void {
    copyInto(source.gpu, source, target, target.size);
  }

  flatten(storages: readonly Storage[]): Storage | null {
    const parts = new Set(storages);
    const [{ half }] = storages;
    const unallocated = storages.every((one) => one.virtual && !one.buffer && one.root === one && one.half === half);
    if (!unallocated || parts.size !== storages.length) return null;
    // WebGPU forbids reading and writing one buffer in the same dispatch, whatever the ranges.
    const conflict = this.dispatches.some(({ source, storages: bound }) => {
      const uses = accessesOf(source).filter((_, i) => parts.has(bound[i]));
      return new Set(uses).size > 1;
    });
    return conflict ? null : Storage.flatten(storages);
  }

  adopt(buffer: GPUBuffer): void {
    this.constants.push(buffer);
  }

  recomputable(output: Tensor, inputs: Inputs, cheap: boolean, recompute: () => Tensor): void {
    this.#recomputation.add(output, inputs, cheap, recompute);
  }

  keep(output: Tensor): void {
    this.#recomputation.keep(output);
  }

  backward<T>(work: () => T): T {
    return this.#recomputation.backward(work);
  }

  /** Frees the buffers, if no program is made of the recording. */
  discard(gpu: Gpu): void {
    for (const buffer of this.constants) gpu.releaseBuffer(buffer);
  }
}

/** Records `work` and discards the recording, so that observers see what it calls. Nothing is compiled or run. */
export function dryRun(gpu: Gpu, work: () => unknown): void {
  const recording = new Recording("nothing");
  try {
    gpu.recordInto(recording, work);
  } finally {
    recording.discard(gpu);
  }
}

/**
 * Keeps a tensor of a recording for the backward pass where everything else is recomputed (the option `rematerialize`
 * of record). Returns the tensor.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([1, 2]).requireGrad();
 * const step = () => {
 *   const squares = keepForBackward(square(x)); // not computed twice
 *   return grad(sum(square(squares)), [x])[0];
 * };
 * const { program, result } = await record(gpu, step, new Arena(), { rematerialize: "everything" });
 * program.replay();
 * console.log(await result.read()); // 4, 32
 * program.dispose();
 * ```
 */
export function keepForBackward(x: Tensor): Tensor {
  checkValue("keepForBackward: the input", x, tensor);
  x.gpu.recorder?.keep(x);
  return x;
}
