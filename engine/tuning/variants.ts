// The choice between an operator's variants: the forced one (tests, benchmarks), else the fastest one by the tuning
// table, else that of the operator's own rule. A variant whose kernels cannot compute a call is passed over.
import type { AdapterTraits } from "../device/adapter.js";
import { isLoaded } from "../device/software-kernels.js";
import { ArgumentError } from "../lib/errors.js";
import { type Choice, type ChoiceInputs, keyOf, type TuningTable } from "./table.js";

/** Those of an operator's variants that an adapter can run: broadcasts need subgroups of a fixed size. */
export const runnableVariants = (variants: readonly string[], { subgroupSize }: AdapterTraits): string[] =>
  variants.filter((name) => subgroupSize >= 4 || !name.startsWith("broadcast"));

/** A call of an operator for which a variant is to be chosen. */
export interface ChoiceRequest extends Omit<Choice, "key"> {
  inputs: ChoiceInputs;
  /** The operator's variants. */
  variants: readonly string[];
  /** Whether a variant's kernels can compute the call. */
  applies(variant: string): boolean;
  /** The operator's own rule. */
  rule(): string;
}

/** The observers of every choice that is not forced. */
interface ChoiceObservers {
  readonly any: boolean;
  tell(method: "onChoice", choice: Choice, inputs: ChoiceInputs): void;
}

export class Variants {
  readonly #adapter: AdapterTraits;
  readonly #observers: ChoiceObservers;
  #forced: { readonly [operator: string]: string } = {};
  #table: TuningTable | null = null;

  constructor(adapter: AdapterTraits, observers: ChoiceObservers) {
    this.#adapter = adapter;
    this.#observers = observers;
  }

  /** The active tuning table. It affects operators called from now on, not programs recorded before. */
  get table(): TuningTable | null {
    return this.#table;
  }

  /** Sets the active tuning table, or none. */
  use(table: TuningTable | null): void {
    this.#table = table;
  }

  /** The forced variant of an operator, if any. */
  forced(operator: string): string | undefined {
    return this.#forced[operator];
  }

  /**
   * Runs `work` with forced variants, such as `{ conv2d: "tiled" }`; until it settles, if it returns a promise. Where a
   * forced variant's kernels cannot compute a call, as Winograd's a convolution of 7 x 7, the operator's rule decides.
   */
  force<T>(variants: { readonly [operator: string]: string }, work: () => T): T {
    const before = this.#forced;
    const restore = () => {
      this.#forced = before;
    };
    this.#forced = { ...before, ...variants };
    let result: T;
    try {
      result = work();
    } catch (error) {
      restore();
      throw error;
    }
    if (result instanceof Promise) return result.finally(restore) as T;
    restore();
    return result;
  }

  /** The variant to use. Throws an ArgumentError if the forced one does not exist. */
  choose({ operator, variants, shapes, inputs, options, applies, rule }: ChoiceRequest): string {
    const forced = this.#forced[operator];
    if (forced !== undefined) {
      if (variants.includes(forced)) return applies(forced) ? forced : rule();
      throw new ArgumentError(`${operator} has no kernel "${forced}"`, `It has: ${variants.join(", ")}.`);
    }
    if (!this.#observers.any && !this.#table) return rule();
    const key = keyOf(operator, shapes, options);
    this.#observers.tell("onChoice", { operator, shapes, options, key }, inputs);
    const tuned = this.#table?.choices[key];
    const runnable = runnableVariants(variants, this.#adapter);
    return tuned !== undefined && runnable.includes(tuned) && isLoaded(tuned) && applies(tuned) ? tuned : rule();
  }
}
