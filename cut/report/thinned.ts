// Which samples of a long run a report and the page show.
/** At most `count` of a row of samples: the first, the last, and some in between, evenly apart. */
export function thinned<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  return Array.from({ length: count }, (_, i) => all[Math.round((i * (all.length - 1)) / (count - 1))]);
}
