// What is recorded for pictures of one size and kept until one of another size comes: recording takes a while, and the
// next picture mostly has the same size.
import type { Size } from "../data/transform.js";

/** A program, or a tensor that is not the result of one. */
interface Owned {
  dispose(): void;
}

/** Calls `make` when the size changes and keeps its result until then; `M` are further arguments of `make`. */
export class SizedPass<P, M extends readonly unknown[] = []> {
  readonly #make: (size: Size, own: <T extends Owned>(one: T) => T, ...more: M) => Promise<P>;
  #current: { size: Size; pass: P; owned: Owned[] } | null = null;

  /** Whatever `make` passes to `own` is disposed with the pass, or when `make` throws. */
  constructor(make: (size: Size, own: <T extends Owned>(one: T) => T, ...more: M) => Promise<P>) {
    this.#make = make;
  }

  /** The pass for a size. A pass for another size is disposed first. */
  async of(size: Size, ...more: M): Promise<P> {
    if (this.#current?.size.height === size.height && this.#current.size.width === size.width)
      return this.#current.pass;
    this.dispose();
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

  dispose(): void {
    for (const one of this.#current?.owned ?? []) one.dispose();
    this.#current = null;
  }
}
