// Functions of the values along axes: to one value each, or to as many as there were.
import { type Dense, zeros } from "./dense.js";

/** For each place along the axes that stay, the flat places of the values that belong together. */
function groups(x: Dense, axes: readonly number[]): number[][] {
  const kept = x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
  const members: number[][] = Array.from({ length: kept.reduce((a, b) => a * b, 1) }, () => []);
  for (let flat = 0; flat < x.data.length; flat++) {
    let [rest, group, step] = [flat, 0, 1];
    for (let axis = x.shape.length - 1; axis >= 0; axis--) {
      if (kept[axis] > 1) group += (rest % x.shape[axis]) * step;
      rest = Math.floor(rest / x.shape[axis]);
      step *= kept[axis];
    }
    members[group].push(flat);
  }
  return members;
}

/** One value of all values over the axes (all of them if none are given). */
export function reduce(
  x: Dense,
  of: (values: number[]) => number,
  axes: readonly number[] = x.shape.map((_, axis) => axis),
  keepdim = false,
): Dense {
  const shape = x.shape.flatMap((n, axis) => (!axes.includes(axis) ? [n] : keepdim ? [1] : []));
  return { shape, data: Float64Array.from(groups(x, axes), (group) => of(group.map((i) => x.data[i]))) };
}

/** As many new values as there are over the axes, for each group of them. */
export function along(x: Dense, axes: readonly number[], of: (values: number[]) => number[]): Dense {
  const y = zeros(x.shape);
  for (const group of groups(x, axes)) {
    of(group.map((i) => x.data[i])).forEach((value, k) => {
      y.data[group[k]] = value;
    });
  }
  return y;
}
