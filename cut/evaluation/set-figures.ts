// The metrics between two sets, each with its floor: of pyramids, which need no network, and of features. Pure.

import type { Random } from "../../engine/lib/random.js";
import type { Size } from "../data/picture.js";
import { type Features, rowsOf } from "./features.js";
import { type Figure, type FigureKind, figure, metricName, type ThreeValues } from "./figures.js";
import { frechetDistance } from "./frechet-distance.js";
import { KernelDistance } from "./kernel-distance.js";
import { levelCount, levelDistance, PATCH, type PyramidPatches } from "./laplacian-pyramid.js";
import { neighbourShares } from "./neighbours.js";
import { mindDistance } from "./sliced-wasserstein.js";

/** Neighbours of precision, recall, density and coverage. */
const K = 5;

/** Equally many random pictures: of the fakes, and twice of the reals without one in both. */
export interface Halves {
  fakes: Int32Array;
  reals: readonly [Int32Array, Int32Array];
}

/** Half of the reals each, or fewer where there are fewer fakes. */
export function drawHalves(fakes: number, reals: number, random: Random): Halves {
  const half = Math.min(fakes, reals >> 1);
  const order = random.permutation(reals, 2 * half);
  return { fakes: random.permutation(fakes, half), reals: [order.slice(0, half), order.slice(half)] };
}

const sizesOf = ({ reals: [a, b] }: Halves): [number, number] => [a.length, b.length];

/**
 * The sliced Wasserstein distance, mean and level by level. `size` is that of all pictures, which have 3 channels;
 * `step` is called after each level.
 */
export async function pyramidFigures(
  fakes: readonly PyramidPatches[],
  reals: readonly PyramidPatches[],
  halves: Halves,
  size: Size,
  random: Random,
  step: () => Promise<void>,
): Promise<Figure[]> {
  const levels = levelCount(size);
  const perPicture = fakes[0][0].length / (3 * PATCH * PATCH);
  const kind: FigureKind = {
    better: "lower",
    n: [fakes.length, reals.length],
    floorN: sizesOf(halves),
    protocol:
      `Laplacian pyramid of ${sizeText(size, 0)} pixels, ${levels} levels, ${perPicture} patches of ` +
      `${PATCH} x ${PATCH} a picture and level, 4 times 128 directions, times 1,000; no network`,
  };
  const take = (set: readonly PyramidPatches[], ids: Int32Array) => Array.from(ids, (id) => set[id]);
  const [first, second] = halves.reals.map((ids) => take(reals, ids));
  const three = [
    [fakes, reals],
    [take(fakes, halves.fakes), first],
    [first, second],
  ];
  const figures: Figure[] = [];
  for (let level = 0; level < levels; level++) {
    const [value, ofHalves, floor] = three.map(([a, b]) => levelDistance(a, b, level, random.fork(`level ${level}`)));
    figures.push(figure(kind, `SWD at ${sizeText(size, level)}`, [value, ofHalves, floor]));
    await step();
  }
  const mean = (of: (each: Figure) => number | null) =>
    figures.reduce((sum, each) => sum + (of(each) ?? 0), 0) / levels;
  const means: ThreeValues = [mean((of) => of.value), mean((of) => of.ofHalves), mean((of) => of.floor)];
  return [figure(kind, "SWD", means), ...figures];
}

/** The size of a level as text. */
function sizeText({ width, height }: Size, level: number): string {
  const side = (pixels: number) => Math.ceil(pixels / 2 ** level);
  return `${side(width)} x ${side(height)}`;
}

/**
 * The metrics of features as pieces of work, each a while long. `network` is in their names; where it is empty the
 * features are those that define FID and KID.
 */
export function featureFigures(
  { network, protocol }: { network: string; protocol: string },
  fakes: Features,
  reals: Features,
  halves: Halves,
  random: Random,
): (() => Figure[])[] {
  const [first, second] = halves.reals.map((ids) => rowsOf(reals, ids));
  const half = rowsOf(fakes, halves.fakes);
  const kind: FigureKind = {
    better: "lower",
    n: [fakes.count, reals.count],
    floorN: sizesOf(halves),
    protocol: `${protocol}; KID times 1,000, ${K} nearest neighbours, MIND by 1,000 directions`,
  };
  const called = (name: string) => metricName(name, network);
  /** A metric of the sets and of the halves; null where a set has fewer than `min` pictures. */
  const three = <T>(min: number, of: (x: Features, y: Features) => T): ThreeValues<T> => {
    const value = (x: Features, y: Features) => (Math.min(x.count, y.count) < min ? null : of(x, y));
    return [value(fakes, reals), value(half, first), value(first, second)];
  };
  return [
    () => [figure(kind, network ? called("Frechet") : "FID", three(2, frechetDistance))],
    () =>
      kernelFigures(
        kind,
        called("KID"),
        three(2, (x, y) => new KernelDistance(x, y)),
        random,
      ),
    () => {
      const shares = three(K + 1, (x, y) => neighbourShares(y, x, K));
      const higher: FigureKind = { ...kind, better: "higher" };
      const needs = `needs ${K + 1} pictures on each side`;
      return (["precision", "recall", "density", "coverage"] as const).map((name) =>
        figure(
          higher,
          called(name),
          mapThree(shares, (of) => of[name]),
          { needs },
        ),
      );
    },
    () => {
      const of = (x: Features, y: Features) => mindDistance(x, y, random.fork("mind"));
      return [figure(kind, called("MIND"), three(2, of))];
    },
  ];
}

/** Applies `of` to the values that are not null. */
function mapThree<T>([value, ofHalves, floor]: ThreeValues<T>, of: (value: T) => number): ThreeValues {
  const mapped = (each: T | null) => (each === null ? null : of(each));
  return [mapped(value), mapped(ofHalves), mapped(floor)];
}

function kernelFigures(
  kind: FigureKind,
  name: string,
  distances: ThreeValues<KernelDistance>,
  random: Random,
): Figure[] {
  const subsets = (of: KernelDistance) => of.subsets(random.fork("subsets"));
  const interval = distances[0]?.interval(random.fork("bootstrap")).map((value) => (1000 * value).toFixed(2));
  const spread = distances[0] && subsets(distances[0]);
  return [
    figure(
      kind,
      name,
      mapThree(distances, ({ full }) => 1000 * full),
      {
        detail: interval ? `95 % bootstrap interval ${interval.join(" to ")}` : "",
      },
    ),
    figure(
      kind,
      `${name}, subsets`,
      mapThree(distances, (of) => 1000 * subsets(of).mean),
      {
        detail: spread ? `deviation ${(1000 * spread.deviation).toFixed(2)} over 100 subsets of ${spread.size}` : "",
      },
    ),
  ];
}
