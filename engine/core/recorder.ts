// The interface between the engine and recorded programs: while a recorder is set, dispatches and allocations go to it
// instead of to the GPU. engine/program/recording.ts implements it.
import type { KernelSource } from "../device/kernel-source.js";
import { Storage } from "../device/storage.js";
import type { Tensor } from "./tensor.js";

/**
 * A fusion rule: the dispatch may be fused with the one that produced its binding `input`. `merge` returns the
 * dispatches that replace both, or null. `stored` says whether others still read the input, `isStored` whether they
 * read any tensor; the dispatches `between` then come before both.
 */
export interface Fusion {
  input: string;
  merge(
    earlier: Dispatch,
    later: Dispatch,
    stored: boolean,
    isStored: (storage: Storage) => boolean,
    between: readonly Dispatch[],
  ): readonly Dispatch[] | null;
}

/**
 * Marks y = leakyRelu(normalize(x)) as cheap enough for consumers to recompute when they load it (a prologue). x is
 * normalized where the dispatch binds statistics.
 */
export interface Activation {
  /** The leaky ReLU's slope below 0; null where there is no activation. */
  slope: number | null;
  /** The constants with which the dispatch computes the statistics only; absent where it computes none. */
  statisticsOnly?: { readonly [name: string]: boolean };
}

/** One dispatch: a kernel, the storages bound to it in the order of its bindings, and its grid. */
export interface Dispatch {
  source: KernelSource;
  constants: { readonly [name: string]: number | boolean };
  storages: Storage[];
  params: { readonly [name: string]: number };
  grid: readonly [number, number, number];
  fusion?: Fusion;
  activation?: Activation;
  /**
   * The binding for the mask of a fused epilogue, the gradient of a (leaky) ReLU: if the param `gated` is 1, y is
   * multiplied by `slope` at elements whose mask, of y's shape, is not above 0.
   */
  reluMask?: string;
}

export interface Recorder {
  dispatch(dispatch: Dispatch): void;
  /** Copies a tensor's elements into another of the same shape. */
  copy(source: Tensor, target: Tensor): void;
  /**
   * Takes ownership of a buffer that only the program still needs, until the program is disposed: a constant uploaded
   * during the recording, or the memory of a tensor disposed during it.
   */
  adopt(buffer: GPUBuffer): void;
  /**
   * Makes several virtual storages of the recording the parts of one flat storage, which is returned. Null where that
   * is impossible: one of them has memory or is already a part, their dtypes differ, or a dispatch reads one of them
   * and writes another.
   */
  flatten(storages: readonly Storage[]): Storage | null;
  /** Registers how to recompute `output` from `inputs`; `cheap` if that costs little compared with a convolution. */
  recomputable(output: Tensor, inputs: readonly (Tensor | undefined)[], cheap: boolean, recompute: () => Tensor): void;
  /** Marks an output to keep for the backward pass where everything else is recomputed. */
  keep(output: Tensor): void;
  /** Runs a backward pass. */
  backward<T>(work: () => T): T;
}

/** A dispatch's storages, with those of the bindings named in `others` replaced. */
export const rebind = ({ source, storages }: Dispatch, others: { readonly [name: string]: Storage }): Storage[] =>
  Object.keys(source.bindings).map((name, i) => others[name] ?? storages[i]);

/** A placeholder for an output that a kernel binds but does not write. */
export const unusedStorage = (): Storage => new Storage(16, "unused", true);
