// Labels: the part of a model that is being computed, such as "G.model.12: ", for error messages and the labels of GPU
// buffers.

export class Labels {
  readonly #names: string[] = [];

  /** Runs `work` under the name of a part of a model. */
  within<T>(name: string, work: () => T): T {
    this.#names.push(name);
    try {
      return work();
    } finally {
      this.#names.pop();
    }
  }

  /** The current label with its separator, such as "G.model.12: ", or an empty string. */
  get prefix(): string {
    return this.#names.length ? `${this.#names.join(".")}: ` : "";
  }
}
