// The one source of randomness: xoshiro128** (Blackman and Vigna, https://prng.di.unimi.it/xoshiro128starstar.c),
// seeded through murmur3's 32-bit finaliser. Only 32-bit integer operations are used, so `next`, `integer`,
// `permutation` and `fork` give the same bits on every platform. `normal` needs Math.log, whose last bit may differ
// between JavaScript engines; how many numbers it draws does not, so the streams never drift apart. Not for
// cryptography.
import { ArgumentError } from "./core/errors.js";

const TWO_32 = 2 ** 32;

/** murmur3's finaliser: a bijection of 32-bit words in which every input bit reaches every output bit. */
function mix(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

/** Hashes words into a generator state of 128 bits: four chains over the same words that start differently. */
function stateFrom(words: number[]): number[] {
  const state = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667].map((start) =>
    words.reduce((hash, word) => mix(Math.imul(hash, 5) + 0x52dce729 + mix(word ^ start)), start),
  );
  // The all-zero state is the one from which xoshiro never leaves.
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
  /** The polar method makes normal numbers in pairs; the second waits here. */
  #spare: number | undefined;

  /** `seed`: any safe integer. Throws an ArgumentError for any other number. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new ArgumentError(`The seed ${seed} is not an integer.`, "Give a whole number such as 1.");
    }
    this.#words = Uint32Array.from(stateFrom([seed >>> 0, Math.floor(seed / TWO_32) >>> 0]));
  }

  /** A generator that goes on where the one that gave `state` stood. */
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

  /**
   * Everything the generator holds: four 32-bit words, then the waiting normal number if there is one. Fit for JSON.
   */
  state(): number[] {
    return this.#spare === undefined ? [...this.#words] : [...this.#words, this.#spare];
  }

  /** An independent generator that follows from this one's state and the label; this one does not advance. */
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

  /** Uniform among 0 .. n-1, for n from 1 to 2^32. */
  integer(n: number): number {
    // The bits above the largest multiple of n would favour the small results; they are drawn again.
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

  /** The first `count` entries of a random order of 0 .. n-1 (Fisher-Yates); all of them where `count` is left out. */
  permutation(n: number, count = n): Int32Array {
    const result = new Int32Array(count);
    if (count * 8 < n) {
      // Few of many: only the places that were swapped are remembered. The result is that of the full shuffle.
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
