// Which pictures of a run are not trained on, so that its model can be evaluated on them. Pure.

/** Every so many, and pictures on each side that are set aside at most. */
const EVERY = 10;
const MOST = 50;
/** Pictures of a side from which on some are set aside. */
export const ENOUGH = 2 * EVERY;

/** Whether there are enough pictures on both sides to set some aside. */
export const canSetAside = (A: number, B: number): boolean => Math.min(A, B) >= ENOUGH;

/** Sets every tenth of a side aside, or fewer where they are many: the same ones of the same list. */
export function setAside<T>(pictures: readonly T[]): { train: T[]; test: T[] } {
  const every = Math.max(EVERY, Math.ceil(pictures.length / MOST));
  const isAside = (i: number) => i % every === every - 1;
  return { train: pictures.filter((_, i) => !isAside(i)), test: pictures.filter((_, i) => isAside(i)) };
}
