// Tensor scopes. A tensor belongs to the innermost scope that it is made in; when that scope ends, all of its tensors
// are disposed except those in its return value, which pass to the enclosing scope.
import { refusePromise } from "../lib/check-options.js";
import { type Tensor, visitTensors } from "./tensor.js";

export class TensorScopes {
  readonly #scopes: Tensor[][] = [];

  /** Whether there is a scope that would dispose a tensor made now. */
  get any(): boolean {
    return this.#scopes.length > 0;
  }

  /** Called for every new tensor: the innermost scope becomes its owner. */
  track(tensor: Tensor): void {
    this.#scopes.at(-1)?.push(tensor);
  }

  /** Runs `work` and disposes every tensor it made, except those in its return value; `name` is for its error. */
  scope<T>(work: () => T, name = "scope"): T {
    const made: Tensor[] = [];
    this.#scopes.push(made);
    let result: T;
    try {
      result = work();
      refusePromise(name, result);
    } catch (error) {
      this.#scopes.pop();
      for (const tensor of made) tensor.dispose();
      throw error;
    }
    this.#scopes.pop();
    const kept = new Set<Tensor>();
    visitTensors(result, (tensor) => kept.add(tensor));
    for (const tensor of made) {
      if (kept.has(tensor)) this.track(tensor);
      else tensor.dispose();
    }
    return result;
  }

  /** Tensors made by `work` belong to no scope. */
  outside<T>(work: () => T): T {
    const scopes = this.#scopes.splice(0);
    try {
      return work();
    } finally {
      this.#scopes.push(...scopes);
    }
  }
}
