// Comparisons of two sets of features by nearest neighbours: precision and recall (Kynkaanniemi et al., 2019), density
// and coverage (Naeem et al., 2020), and each row's nearest in the other set. Distances are differences in float64,
// compared strictly. Holds tables of n^2 numbers. Pure.
import { checkFeatures, type Features, squaredDistances } from "./features.js";

export interface NeighbourShares {
  /** Share of fakes that are nearer to some real than that real's k-th nearest other one. */
  precision: number;
  /** Share of reals that are nearer to some fake than that fake's k-th nearest other one. */
  recall: number;
  /** Reals whose ball holds a fake, counted for every fake, over k. */
  density: number;
  /** Share of reals whose ball holds a fake: falls where the fakes lack variety. */
  coverage: number;
}

/** The shares with balls to the `k`-th neighbour; more than k rows in each set. */
export function neighbourShares(reals: Features, fakes: Features, k = 5): NeighbourShares {
  checkFeatures("precision and recall", k + 1, reals, fakes);
  const distances = squaredDistances(reals, fakes);
  const [realRadii, fakeRadii] = [radii(reals, k), radii(fakes, k)];
  const [covered, recalled] = [new Uint8Array(reals.count), new Uint8Array(reals.count)];
  const precise = new Uint8Array(fakes.count);
  let pairs = 0;
  for (let i = 0; i < reals.count; i++) {
    for (let j = 0; j < fakes.count; j++) {
      const distance = distances[i * fakes.count + j];
      if (distance < realRadii[i]) {
        pairs++;
        covered[i] = 1;
        precise[j] = 1;
      }
      if (distance < fakeRadii[j]) recalled[i] = 1;
    }
  }
  const share = (marks: Uint8Array) => marks.reduce((sum, mark) => sum + mark, 0) / marks.length;
  return {
    precision: share(precise),
    recall: share(recalled),
    density: pairs / (k * fakes.count),
    coverage: share(covered),
  };
}

/** The squared distance of each row to its k-th nearest other one. */
function radii(set: Features, k: number): Float64Array {
  const distances = squaredDistances(set, set);
  return Float64Array.from({ length: set.count }, (_, i) => {
    const others = distances.slice(i * set.count, (i + 1) * set.count);
    others[i] = Number.POSITIVE_INFINITY;
    return others.sort()[k - 1];
  });
}

export interface Nearest {
  /** The row in the other set. */
  id: number;
  distance: number;
}

/** For each row of `of` the nearest row of `among`; where both are one set, the nearest other one. */
export function nearestRows(of: Features, among: Features): Nearest[] {
  const distances = squaredDistances(of, among);
  return Array.from({ length: of.count }, (_, i) => {
    let nearest = { id: -1, distance: Number.POSITIVE_INFINITY };
    for (let id = 0; id < among.count; id++) {
      const distance = distances[i * among.count + id];
      if (distance < nearest.distance && !(of === among && id === i)) nearest = { id, distance };
    }
    return { id: nearest.id, distance: Math.sqrt(nearest.distance) };
  });
}
