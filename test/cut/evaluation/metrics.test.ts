// The metrics against golden values in float64: every case of evaluation that the folder of goldens holds and that
// needs no network.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pearson, spearman } from "../../../cut/evaluation/correlation.js";
import type { Features } from "../../../cut/evaluation/features.js";
import { frechetDistance } from "../../../cut/evaluation/frechet-distance.js";
import { estimatesOf, KernelDistance } from "../../../cut/evaluation/kernel-distance.js";
import { laplacianPyramid, normalisedPatches, patchesAt } from "../../../cut/evaluation/laplacian-pyramid.js";
import { neighbourShares } from "../../../cut/evaluation/neighbours.js";
import { l1, msSsim, psnr, ssim } from "../../../cut/evaluation/pair-metrics.js";
import type { Planes } from "../../../cut/evaluation/planes.js";
import { slicedWasserstein } from "../../../cut/evaluation/sliced-wasserstein.js";
import { evaluationCases, goldenDense, goldenIds, type OperatorCase } from "../../support/goldens.js";

const test = suite("metrics");

/** The tensors named by the parameter `by`, or the case's own. */
function dense({ name, golden, parameters }: OperatorCase, by: string, short: string) {
  return goldenDense(golden, `${parameters[by] ?? name}.${short}`);
}

function featuresOf(given: OperatorCase, short: string): Features {
  const { shape, data } = dense(given, "features", short);
  return { count: shape[0], width: shape[1], values: data };
}

const sets = (given: OperatorCase) => [featuresOf(given, "x"), featuresOf(given, "y")] as const;

/** Stored as 0 to 1, or as bytes. */
function planes(given: OperatorCase, short: string): Planes {
  const { shape, data } = dense(given, "pictures", short);
  const [channels, height, width] = shape;
  const divisor = given.parameters["scale"] ? 255 : 1;
  return { channels, height, width, data: data.map((value) => value / divisor) };
}

const lists = (given: OperatorCase) => [dense(given, "lists", "a").data, dense(given, "lists", "b").data] as const;

const pictures = (given: OperatorCase) => [planes(given, "a"), planes(given, "b")] as const;

/** Columns of a matrix [width, count] one after the other. */
function columns(values: Float64Array, width: number): Float64Array {
  const count = values.length / width;
  return Float64Array.from(values, (_, i) => values[(i % width) * count + Math.floor(i / width)]);
}

function plainDistance(given: OperatorCase): number {
  const [a, b, dirs] = ["a", "b", "dirs"].map((short) => dense(given, "points", short));
  const width = a.shape[1];
  return slicedWasserstein({ width, values: a.data }, { width, values: b.data }, columns(dirs.data, width));
}

function pyramidDistances(given: OperatorCase): { levels: number[]; mean: number } {
  const count = given.parameters["levels"] as number;
  const repeats = given.parameters["repeats"] as number;
  const perPicture = given.parameters["patchesPerPicture"] as number;
  const pyramids = (short: string): Planes[][] => {
    const { shape, data } = dense(given, "pictures", short);
    const [pictures, channels, height, width] = shape;
    const size = channels * height * width;
    return Array.from({ length: pictures }, (_, i) =>
      laplacianPyramid({ channels, height, width, data: data.slice(i * size, (i + 1) * size) }, count),
    );
  };
  const [a, b] = [pyramids("a"), pyramids("b")];
  const points = (pyramid: Planes[][], short: string, level: number) => {
    const positions = goldenIds(given.golden, `${given.name}.${short}.${level}`);
    const patches = pyramid.flatMap((levels, i) => [
      ...patchesAt(levels[level], positions.subarray(2 * perPicture * i, 2 * perPicture * (i + 1))),
    ]);
    return normalisedPatches(Float32Array.from(patches), pyramid[0][level].channels);
  };
  const levels = Array.from({ length: count }, (_, level) => {
    const { shape, data } = dense(given, "", `dirs.${level}`);
    const size = shape[1] * shape[2];
    const [pointsA, pointsB] = [points(a, "positionsA", level), points(b, "positionsB", level)];
    const each = Array.from({ length: repeats }, (_, r) =>
      slicedWasserstein(pointsA, pointsB, columns(data.slice(r * size, (r + 1) * size), shape[1])),
    );
    return estimatesOf(each).mean;
  });
  return { levels, mean: estimatesOf(levels).mean };
}

function kidSubsets(given: OperatorCase) {
  const distance = new KernelDistance(...sets(given));
  const [x, y] = ["xIds", "yIds"].map((short) => given.ids(short));
  const repeats = (given.parameters["value"] as { each: number[] }).each.length;
  const size = x.length / repeats;
  const each = Array.from({ length: repeats }, (_, s) =>
    distance.ofRows(x.slice(s * size, (s + 1) * size), y.slice(s * size, (s + 1) * size)),
  );
  return { each, ...estimatesOf(each) };
}

const ANSWERS: Record<string, (given: OperatorCase) => unknown> = {
  fid: (given) => frechetDistance(...sets(given)),
  kid: (given) => new KernelDistance(...sets(given)).full,
  kidSubsets,
  prdc: (given) => {
    const [real, fake] = ["real", "fake"].map((side) => featuresOf(given, given.parameters[side] as string));
    return neighbourShares(real, fake, given.parameters["k"] as number);
  },
  slicedWasserstein: plainDistance,
  swdPyramid: pyramidDistances,
  ssim: (given) => ssim(...pictures(given)),
  msSsim: (given) => msSsim(...pictures(given)),
  psnr: (given) => psnr(...pictures(given)),
  l1: (given) => l1(...pictures(given)),
  pearson: (given) => pearson(...lists(given)),
  spearman: (given) => spearman(...lists(given)),
};

/** The numbers of an answer by their place in it. */
function numbersOf(answer: unknown, at = ""): [string, number][] {
  if (typeof answer === "number") return [[at, answer]];
  return Object.entries(answer as object).flatMap(([key, value]) => numbersOf(value, `${at}.${key}`));
}

for (const given of evaluationCases().filter(({ op }) => ANSWERS[op])) {
  test(given.name, () => {
    const ours = new Map(numbersOf(ANSWERS[given.op](given)));
    const expected = numbersOf(given.parameters["value"]);
    assert.ok(expected.length > 0);
    // A distance of a set from itself is what rounding leaves of its size.
    const scale = given.op === "fid" && Math.abs(expected[0][1]) < 1e-9 ? traceOf(featuresOf(given, "x")) : 0;
    for (const [at, value] of expected) {
      const error = Math.abs((ours.get(at) ?? Number.NaN) - value) / (scale || Math.abs(value) || 1);
      assert.ok(error < (given.op === "prdc" ? 1e-12 : 1e-6), `${at}: ${ours.get(at)} for ${value}`);
    }
  });
}

/** The trace of the second moments. */
const traceOf = ({ count, values }: Features) => values.reduce((sum, value) => sum + value * value, 0) / count;

test.run();
