// Observers of an engine: benchmarks, tuning and profiles hear of every operator with its cost, of every dispatch, and
// of every choice between kernels, without replacing anything. Observers change nothing.
import type { Tensor } from "../core/tensor.js";
import type { Choice, ChoiceInputs } from "../tuning/table.js";
import type { Grid, KernelSource } from "./kernel.js";
import type { Dispatch } from "./recorder.js";

/** One call of an operator, reported after its last dispatch. */
export interface OperatorCall {
  operator: string;
  /** Nominal floating-point operations: by the direct algorithm, a multiply-add being two, whatever the kernel does. */
  flops: number;
  /** Bytes that must move: every input read once, the output written once. */
  bytes: number;
}

/** One dispatch as it was asked for. */
export interface DispatchCall {
  source: KernelSource;
  bindings: { readonly [name: string]: Tensor };
  params: { readonly [name: string]: number };
  grid: Grid;
  constants: { readonly [name: string]: number | boolean };
}

/** Timestamps of the one pass that a replay is, or of each dispatch, which then has a pass of its own. */
export type ReplayTimestamps = GPUComputePassTimestampWrites | ((dispatch: number) => GPUComputePassTimestampWrites);

/** A recorded program, as engine/program/program.ts makes it. */
export interface Replayable {
  replay(timestamps?: ReplayTimestamps): void;
}

export interface Observer {
  onOperator?(call: OperatorCall, output: Tensor): void;
  onDispatch?(call: DispatchCall): void;
  /** Told of every tensor that is made outside of recordings, before anything is written to it. */
  onTensor?(tensor: Tensor): void;
  /** Told of every program that was recorded, and its dispatches as they will be replayed. */
  onProgram?(program: Replayable, dispatches: readonly Dispatch[]): void;
  /** Told of every choice between kernels that is not forced. */
  onChoice?(choice: Choice, inputs: ChoiceInputs): void;
}

export class Observers {
  readonly #observers = new Set<Observer>();

  /** Adds an observer; the result removes it. */
  add(observer: Observer): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  get any(): boolean {
    return this.#observers.size > 0;
  }

  operator(call: OperatorCall, output: Tensor): void {
    for (const observer of this.#observers) observer.onOperator?.(call, output);
  }

  tensor(tensor: Tensor): void {
    for (const observer of this.#observers) observer.onTensor?.(tensor);
  }

  dispatch(call: DispatchCall): void {
    for (const observer of this.#observers) observer.onDispatch?.(call);
  }

  program(program: Replayable, dispatches: readonly Dispatch[]): void {
    for (const observer of this.#observers) observer.onProgram?.(program, dispatches);
  }

  choice(choice: Choice, inputs: ChoiceInputs): void {
    for (const observer of this.#observers) observer.onChoice?.(choice, inputs);
  }
}
