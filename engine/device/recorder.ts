// The door from the engine to recorded programs: while a recorder is in place, dispatches and allocations go to it
// instead of to the GPU. engine/program/recording.ts is the one that programs are made of.
import { Storage, type Tensor } from "../core/tensor.js";
import type { KernelSource } from "./kernel.js";

/**
 * How a dispatch can do the work of an earlier one too: of that which made what it reads by the name `input`. `merge`
 * gives what takes the place of both, or null if nothing does; `stored` says whether the input is read again.
 */
export interface Absorption {
  input: string;
  merge(earlier: Dispatch, later: Dispatch, stored: boolean): readonly Dispatch[] | null;
}

/**
 * Said of a dispatch whose y others can compute where they read it: y is x, normalised if there are statistics, and
 * then times the slope where it is below 0, unless that is null.
 */
export interface Activation {
  slope: number | null;
  /** The constants by which the dispatch makes the statistics alone; absent where none are to be made. */
  statisticsOnly?: { readonly [name: string]: boolean };
}

/** One dispatch: a kernel, what it is bound to in the order of its bindings, and its size. */
export interface Dispatch {
  source: KernelSource;
  constants: { readonly [name: string]: number | boolean };
  storages: Storage[];
  params: { readonly [name: string]: number };
  grid: readonly [number, number, number];
  absorbs?: Absorption;
  activation?: Activation;
  /**
   * The binding of a mask, of y's shape, by which the dispatch can gate its y: with the params `gated`, if that is 1,
   * and `slope`.
   */
  gates?: string;
}

export interface Recorder {
  dispatch(dispatch: Dispatch): void;
  /** Copies a tensor's elements into another of the same shape. */
  copy(source: Tensor, target: Tensor): void;
  /** The promise of memory for a tensor that is made while recording. */
  allocate(bytes: number, label: string, half?: boolean): Storage;
  /**
   * Takes over a buffer that only the program still needs, and keeps it as long as the program lives: a constant that
   * was uploaded during the recording, or memory that was disposed meanwhile.
   */
  adopt(buffer: GPUBuffer): void;
  /**
   * Places the memory of several tensors of the recording in one buffer, as the parts of the storage that is returned.
   * Null where they cannot be: they are no promises of their own, differ in what they hold, or a dispatch reads one of
   * them and writes another.
   */
  together(storages: readonly Storage[]): Storage | null;
  /** Told how `output` can be computed once more from `inputs`; `cheap` if that costs little beside a convolution. */
  recomputable(output: Tensor, inputs: readonly (Tensor | undefined)[], cheap: boolean, recompute: () => Tensor): void;
  /** Marks what is to be kept for the backward pass where everything else is computed once more. */
  keep(output: Tensor): void;
  /** Runs the reversal of a tape. */
  reversing<T>(work: () => T): T;
}

/** A dispatch's storages with others under some of their names. */
export const rebind = ({ source, storages }: Dispatch, others: { readonly [name: string]: Storage }): Storage[] =>
  storages.map((storage, i) => others[source.bindings[i].name] ?? storage);

/** Stands for an output that a kernel binds and does not write. */
export const unusedStorage = (): Storage => new Storage(16, "unused", null, true);
