// The tape: what was computed from what, in order. Operators put a node on it for every output that depends on a tensor
// which wants a gradient; engine/core/autograd.ts walks it backwards. It can be switched off for a while.
import { refusePromise } from "./check-options.js";
import type { Tensor } from "./tensor.js";

export interface TapeNode {
  readonly operator: string;
  /** Order of creation: a node's inputs always have smaller numbers. */
  readonly order: number;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly output: Tensor;
  /** What forward kept for the gradient beyond inputs and output. */
  readonly saved: readonly Tensor[];
  /** `into` as in GradientContext (engine/core/operator.ts). */
  gradient(dy: Tensor, into: (i: number) => Tensor | undefined): readonly (Tensor | null | undefined)[];
}

export class Tape {
  #recording = true;
  #length = 0;

  /** Whether operators put themselves on the tape. */
  get recording(): boolean {
    return this.#recording;
  }

  /** Whether an operator on these inputs belongs on the tape. */
  wants(inputs: readonly (Tensor | undefined)[]): boolean {
    return this.#recording && inputs.some((input) => input?.tracked);
  }

  /** Puts a node on the tape, as what made its output. */
  add(node: Omit<TapeNode, "order">): void {
    node.output.node = { ...node, order: this.#length++ };
  }

  /** Operators inside `work` leave no trace on the tape. */
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
