// Where a training stands, as JSON in the metadata of its checkpoints.
import type { Counts } from "../methods/method.js";
import type { TrainOptions } from "../options/train-schema.js";

/** The state of a run, apart from its weights. */
export interface RunState {
  /** Steps done. */
  step: number;
  /** The current, 1-based epoch, and the number of its batches that are done. */
  epoch: number;
  batch: number;
  /** State of the steps' random number generator. */
  random: number[];
  /** The method's counts, if it has any. */
  counts?: Counts;
  /** Numbers of optimizer updates, by network, where they differ from the number of steps. */
  updates?: Counts;
  /** The loss scale and its growth tracker, called `clean` in files, where activations are f16. */
  lossScale?: { scale: number; clean: number };
  options: TrainOptions;
}

/** Null where the text holds no state; whether the options in it are valid, those who use them check. */
export function parseRunState(text: string): RunState | null {
  try {
    const state = JSON.parse(text) as RunState;
    const { step, epoch, batch, random, options } = state;
    const counts = [step, epoch, batch].every((count) => Number.isInteger(count) && count >= 0);
    return counts && Array.isArray(random) && options.constructor === Object ? state : null;
  } catch {
    return null;
  }
}
