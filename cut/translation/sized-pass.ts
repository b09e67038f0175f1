// What is recorded for pictures of one size and kept until one of another size comes: recording takes a while, and the
// next picture mostly has the same size. Uses follow one another, so that callers may ask for several at once.
import type { Size } from "../data/picture.js";

/** A program, or a tensor that is not the result of one. */
interface Owned {
  dispose(): void;
}

/** Calls `make` when the size changes and keeps its result until then; `M` are further arguments of `make`. */
export class SizedPass<P, M extends readonly unknown[] = []> {
  readonly #make: (size: Size, own: <T extends Owned>(one: T) => T, ...more: M) => Promise<P>;
  #current: { size: Size; pass: P; owned: Owned[] } | null = null;
  /** Settles with the latest use. */
  #last: Promise<unknown> = Promise.resolve();
  #disposals = 0;

  /** Whatever `make` passes to `own` is disposed with the pass, or when `make` throws. */
  constructor(make: (size: Size, own: <T extends Owned>(one: T) => T, ...more: M) => Promise<P>) {
    this.#make = make;
  }

  /**
   * Runs `work` with the pass for a size, after all uses that were asked for before. A pass for another size is
   * disposed first.
   */
  use<T>(size: Size, work: (pass: P) => T | Promise<T>, ...more: M): Promise<T> {
    const disposals = this.#disposals;
    const used = this.#last.then(async () => {
      try {
        return await work(await this.#passFor(size, more));
      } finally {
        // Whoever disposed meanwhile expects nothing to be left.
        if (disposals !== this.#disposals) this.#free();
      }
    });
    this.#last = used.catch(() => {});
    return used;
  }

  async #passFor(size: Size, more: M): Promise<P> {
    if (this.#current?.size.height === size.height && this.#current.size.width === size.width)
      return this.#current.pass;
    this.#free();
    const owned: Owned[] = [];
    const own = <T extends Owned>(one: T): T => {
      owned.unshift(one);
      return one;
    };
    try {
      const pass = await this.#make(size, own, ...more);
      this.#current = { size, pass, owned };
      return pass;
    } catch (error) {
      for (const one of owned) one.dispose();
      throw error;
    }
  }

  #free(): void {
    for (const one of this.#current?.owned ?? []) one.dispose();
    this.#current = null;
  }

  dispose(): void {
    this.#disposals++;
    this.#free();
  }
}
