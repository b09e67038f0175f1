// The only random generator: xoshiro128** (Blackman and Vigna, https://prng.di.unimi.it/xoshiro128starstar.c), seeded
// by murmur3's 32-bit finalizer. Only 32-bit integer operations are used, so `next`, `integer`, `permutation` and
// `fork` give the same bits on every platform. `normal` uses Math.log, whose last bit may differ between JavaScript
// engines, but the number of values it draws does not, so streams stay in step. Not for cryptography.
import { ArgumentError } from "./errors.js";

const TWO_32 = 2 ** 32;

/** murmur3's finalizer: a bijection of 32-bit words in which every input bit affects every output bit. */
function mix(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

/** Hashes words to a 128-bit generator state: four hash chains over the same words with different start values. */
function stateFrom(words: number[]): number[] {
  const state = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667].map((start) =>
    words.reduce((hash, word) => mix(Math.imul(hash, 5) + 0x52dce729 + mix(word ^ start)), start),
  );
  // The all-zero state is the only one that xoshiro never leaves.
  return state.some((word) => word !== 0) ? state : [1, 0, 0, 0];
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/**
 * Random numbers from a seed: the same ones on every platform. Its state() can be saved and restored, and fork() makes
 * generators that do not depend on how much others draw. Not for cryptography.
 *
 * @example
 * ```ts
 * const random = new Random(1);
 * console.log(random.permutation(5), random.integer(6)); // 2,0,3,4,1 2
 * ```
 */
export class Random {
  #words: Uint32Array;
  /** The second of a pair of normal numbers, which the polar method produces, until it is used. */
  #spare: number | undefined;

  /** `seed`: any safe integer. Throws an ArgumentError for other numbers. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new ArgumentError(`The seed ${seed} is not an integer.`, "Give a whole number such as 1.");
    }
    this.#words = Uint32Array.from(stateFrom([seed >>> 0, Math.floor(seed / TWO_32) >>> 0]));
  }

  /** A generator that continues from a saved state(). */
  static restore(state: number[]): Random {
    const words = state.slice(0, 4);
    const sound = words.length === 4 && state.length <= 5 && words.every((word) => word === word >>> 0);
    if (!sound || words.every((word) => word === 0)) {
      throw new ArgumentError(`[${state}] is not the state of a random generator.`, "Pass what state() gave.");
    }
    const random = new Random(0);
    random.#words = Uint32Array.from(words);
    random.#spare = state[4];
    return random;
  }

  /** The generator's state, as JSON can hold it: four 32-bit words, then the unused normal number if there is one. */
  state(): number[] {
    return this.#spare === undefined ? [...this.#words] : [...this.#words, this.#spare];
  }

  /** An independent generator derived from this one's state and a label; this one does not advance. */
  fork(label: string): Random {
    const letters = Array.from({ length: label.length }, (_, i) => label.charCodeAt(i));
    return Random.restore(stateFrom([...this.#words, ...letters]));
  }

  /** The next 32 random bits, as an integer in [0, 2^32). */
  #bits(): number {
    const s = this.#words;
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotateLeft(s[3], 11);
    return result;
  }

  /** Uniform in [0, 1), in steps of 2^-32. */
  next(): number {
    return this.#bits() / TWO_32;
  }

  /** Uniform among 0 .. n-1. Throws an ArgumentError unless n is a whole number from 1 to 2^32. */
  integer(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= TWO_32))
      throw new ArgumentError(
        `integer: there are no ${n} numbers to choose from`,
        "Give a whole number from 1 to 2^32.",
      );
    // Values from the largest multiple of n on would favour small results, so they are drawn again.
    const limit = TWO_32 - (TWO_32 % n);
    let bits = this.#bits();
    while (bits >= limit) bits = this.#bits();
    return bits % n;
  }

  /** From the normal distribution of mean 0 and variance 1 (Marsaglia's polar method). */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * this.next() - 1;
      const y = 2 * this.next() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = y * scale;
      return x * scale;
    }
  }

  /**
   * The first `count` entries of a random permutation of 0 .. n-1 (Fisher-Yates); by default all. Throws an
   * ArgumentError unless both are whole numbers from 0 on and count is at most n.
   */
  permutation(n: number, count = n): Int32Array {
    if (!(Number.isInteger(n) && Number.isInteger(count) && count >= 0 && count <= n))
      throw new ArgumentError(`permutation: ${count} entries of ${n} cannot be drawn`, "Give count from 0 to n.");
    const result = new Int32Array(count);
    if (count * 8 < n) {
      // Few of many: only swapped positions are stored. The result is the same as that of the full shuffle.
      const moved = new Map<number, number>();
      for (let i = 0; i < count; i++) {
        const j = i + this.integer(n - i);
        result[i] = moved.get(j) ?? j;
        moved.set(j, moved.get(i) ?? i);
      }
      return result;
    }
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < count; i++) {
      const j = i + this.integer(n - i);
      result[i] = order[j];
      order[j] = order[i];
    }
    return result;
  }
}
