// Which pictures of a run are kept from training, so that its model can be evaluated on them. Pure.

/** One in this many pictures is a test picture, up to a maximum per domain. */
const EVERY = 10;
const MAX_TEST = 50;
/** The least number of pictures of a domain that can be evaluated: each half of the reals needs one. */
export const MIN_PICTURES = 2;
/** The least number of pictures of a domain that is split. */
export const ENOUGH = 2 * EVERY;

/** Whether there are enough pictures of both domains to split them. */
export const canSplit = (A: number, B: number): boolean => Math.min(A, B) >= ENOUGH;

/** Every tenth picture is a test picture, or fewer of many: always the same ones of the same list. */
export function trainTestSplit<T>(pictures: readonly T[]): { train: T[]; test: T[] } {
  const every = Math.max(EVERY, Math.ceil(pictures.length / MAX_TEST));
  const isTest = (i: number) => i % every === every - 1;
  return { train: pictures.filter((_, i) => !isTest(i)), test: pictures.filter((_, i) => isTest(i)) };
}
