// What is recorded for pictures of one size and kept until one of another size comes: recording takes a while, and the
// next picture is mostly of the same size.

/** A program, or a tensor that is not the result of one. */
interface Owned {
  dispose(): void;
}

/** Makes what `make` records for a size, once while the size stays; `M` is what else it is told. */
export class SizedPass<P, M extends readonly unknown[] = []> {
  readonly #make: (size: Size, own: <T extends Owned>(one: T) => T, ...more: M) => Promise<P>;
  #current: { size: Size; pass: P; owned: Owned[] } | null = null;

  /** What `make` hands to `own` is disposed with the pass, and where `make` fails. */
  constructor(make: (size: Size, own: <T extends Owned>(one: T) => T, ...more: M) => Promise<P>) {
    this.#make = make;
  }

  /** The pass for a size. That of another size is disposed before. */
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

interface Size {
  readonly height: number;
  readonly width: number;
}
