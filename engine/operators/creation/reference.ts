// Random numbers by PCG's hash of a seed and an element's index, with the same integers as in the kernel.
import { type Dense, sizeOf } from "../lib/reference/dense.js";

function pcg(v: number): number {
  const state = (Math.imul(v, 747796405) + 2891336453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}

const bitsOf = (seed: number, i: number) => pcg((pcg(i) ^ pcg(seed)) >>> 0);
const fraction = (bits: number) => (bits >>> 8) / 2 ** 24;

const each = (shape: readonly number[], of: (i: number) => number): Dense => ({
  shape,
  data: Float64Array.from({ length: sizeOf(shape) }, (_, i) => of(i)),
});

/** Uniform in [0, 1). */
export const rand = (shape: readonly number[], seed: number): Dense => each(shape, (i) => fraction(bitsOf(seed, i)));

/** Normal, by Box and Muller's transform. */
export const randn = (shape: readonly number[], seed: number): Dense =>
  each(shape, (i) => {
    const bits = bitsOf(seed, i);
    return Math.sqrt(-2 * Math.log(1 - fraction(bits))) * Math.cos(2 * Math.PI * fraction(pcg(bits)));
  });
