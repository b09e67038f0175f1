// The tape: which outputs were computed from which inputs, in order. Operators add a node for every output that depends
// on a tensor that requires a gradient; engine/autograd.ts walks the nodes backwards. It can be paused (noGrad).
import { refusePromise } from "../lib/check-options.js";
import type { Tensor } from "./tensor.js";

export interface TapeNode {
  readonly operator: string;
  /** Order of creation: a node's inputs always have smaller numbers. */
  readonly order: number;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly output: Tensor;
  /** Tensors that forward kept for the gradient, besides inputs and output. */
  readonly saved: readonly Tensor[];
  gradient(dy: Tensor, pass: BackwardPass): readonly (Tensor | null | undefined)[];
}

/** What a node's gradient may ask of the backward pass. */
export interface BackwardPass {
  /** Whether the gradient of input i is wanted, or leads to one that is. */
  needs(i: number): boolean;
  /**
   * The tensor with the gradient of input i so far, if it may be added to in place: pass it as `accumulateInto` to an
   * operator that `accumulates`, and return that operator's result.
   */
  accumulator(i: number): Tensor | undefined;
}

export class Tape {
  #recording = true;
  #length = 0;

  /** Whether operators are recorded on the tape. */
  get recording(): boolean {
    return this.#recording;
  }

  /** Whether an operator on these inputs belongs on the tape. */
  wants(inputs: readonly (Tensor | undefined)[]): boolean {
    return this.#recording && inputs.some((input) => input?.tracked);
  }

  /** Adds a node and makes it the one that produced its output. */
  add(node: Omit<TapeNode, "order">): void {
    node.output.node = { ...node, order: this.#length++ };
  }

  /** Runs `work` without recording its operators on the tape. */
  paused<T>(work: () => T): T {
    const before = this.#recording;
    this.#recording = false;
    try {
      const result = work();
      refusePromise("noGrad", result);
      return result;
    } finally {
      this.#recording = before;
    }
  }
}
