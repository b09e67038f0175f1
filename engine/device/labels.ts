// Labels: which part of a model is at work. Error messages and the labels of GPU buffers carry them, such as
// "G.model.12: ".

export class Labels {
  readonly #names: string[] = [];

  /** Names the part of a model that `work` belongs to. */
  within<T>(name: string, work: () => T): T {
    this.#names.push(name);
    try {
      return work();
    } finally {
      this.#names.pop();
    }
  }

  /** The present label with what follows it, such as "G.model.12: ", or nothing. */
  get prefix(): string {
    return this.#names.length ? `${this.#names.join(".")}: ` : "";
  }
}
