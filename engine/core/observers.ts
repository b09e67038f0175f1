// Observers of an engine, for benchmarks, tuning and profiles: they are called for every operator with its cost, every
// dispatch, and every choice between kernels. They cannot change anything.
import type { Grid, KernelSource } from "../device/kernel-source.js";
import type { Choice, ChoiceInputs } from "../tuning/table.js";
import type { Dispatch } from "./recorder.js";
import type { Tensor } from "./tensor.js";

/** One call of an operator, reported after its last dispatch. */
export interface OperatorCall {
  operator: string;
  /** Nominal floating-point operations, of the direct algorithm whatever the kernel does; a multiply-add is two. */
  flops: number;
  /** The least memory traffic in bytes: what is needed of every input read once, the output written once. */
  bytes: number;
}

/** One call of gpu.dispatch(). */
export interface DispatchCall {
  source: KernelSource;
  bindings: { readonly [name: string]: Tensor };
  params: { readonly [name: string]: number };
  grid: Grid;
  constants: { readonly [name: string]: number | boolean };
}

/** Timestamps for a whole replay, or for each dispatch, which then has its own pass. */
export type ReplayTimestamps = GPUComputePassTimestampWrites | ((dispatch: number) => GPUComputePassTimestampWrites);

/** A recorded program, as engine/program/program.ts makes it. */
export interface Replayable {
  replay(timestamps?: ReplayTimestamps): void;
}

export interface Observer {
  onOperator?(call: OperatorCall, output: Tensor): void;
  onDispatch?(call: DispatchCall): void;
  /** Called for every tensor made outside of recordings, before anything is written to it. */
  onTensor?(tensor: Tensor): void;
  /** Called for every recorded program, with its dispatches as they will be replayed. */
  onProgram?(program: Replayable, dispatches: readonly Dispatch[]): void;
  /** Called for every choice between kernels that is not forced. */
  onChoice?(choice: Choice, inputs: ChoiceInputs): void;
}

export class Observers {
  readonly #observers = new Set<Observer>();

  /** Adds an observer; returns a function that removes it. */
  add(observer: Observer): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  get any(): boolean {
    return this.#observers.size > 0;
  }

  /** Calls the method of that name of every observer that has it. */
  tell<M extends keyof Observer>(method: M, ...what: Parameters<NonNullable<Observer[M]>>): void {
    for (const observer of this.#observers as ReadonlySet<{ [m in M]?: (...what: unknown[]) => void }>) {
      observer[method]?.(...what);
    }
  }
}
