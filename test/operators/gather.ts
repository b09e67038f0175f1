// Cases of gathering rows of channels at positions, which may repeat, for all images or for each.
import fc from "fast-check";
import type { Shape } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { positions, uniform } from "../support/gpu.js";
import { extent, image } from "./support/arbitrary.js";
import {
  byDifferences,
  type FamilyTests,
  type OperatorCase,
  places,
  property,
  unaryReference,
  values,
} from "./support/case.js";

function gather(shape: Shape, patches: number, perImage: boolean): OperatorCase {
  const ids = places(perImage ? shape[0] * patches : patches, Math.min(6, shape[2] * shape[3]));
  const options = { perImage };
  return {
    title: `[${shape}] at ${patches}${perImage ? " for each image" : ""}`,
    inputs: [values(shape)],
    forward: (x) => engine.gatherPositions(x, x.gpu.tensor(ids, perImage ? [shape[0], patches] : undefined)),
    reference: (x) => reference.gatherPositions(x, ids, options),
    gradient: (dy, x) => [reference.gatherPositionsGradient(x, ids, options, dy).dx],
  };
}

const int32 = ({ shape, data }: reference.Dense, gpu: engine.Gpu) => gpu.tensor(Int32Array.from(data), shape);

/** Each line along an axis has its own indices, some of them repeated. */
const along = (shape: Shape, axis: number, count: number): OperatorCase => {
  const wanted = shape.with(axis, count);
  const total = wanted.reduce((a, b) => a * b);
  const ids = reference.dense(wanted, places(total, shape[axis]));
  return byDifferences(
    `${count} of [${shape}] along ${axis}`,
    [values(shape)],
    (x) => engine.gather(x, axis, int32(ids, x.gpu)),
    (x) => reference.gather(x, axis, ids),
  );
};

const select = (shape: Shape, axis: number, count: number): OperatorCase => {
  const ids = places(count, shape[axis]);
  return byDifferences(
    `${count} of [${shape}] along ${axis}`,
    [values(shape)],
    (x) => engine.indexSelect(x, axis, x.gpu.tensor(ids)),
    (x) => reference.indexSelect(x, axis, ids),
  );
};

const words = places(6, 5);

export const cases: FamilyTests["cases"] = {
  gather: { cases: [along([3, 4, 5], 1, 7), along([5, 4], 0, 3), along([2, 9], 1, 70)], exercises: ["scatterAdd"] },
  indexSelect: { cases: [select([5, 3, 4], 0, 7), select([2, 3, 4], 1, 5), select([3, 7], 1, 4)] },
  embedding: {
    cases: [
      byDifferences(
        "ids [2,3] of 5 entries",
        [values([5, 4])],
        (w) => engine.embedding(w.gpu.tensor(words, [2, 3]), w),
        (w) => reference.reshape(reference.indexSelect(w, 0, words), [2, 3, 4]),
      ),
    ],
  },
  gatherPositions: {
    cases: [gather([2, 3, 5, 7], 9, false), gather([3, 70, 2, 3], 5, true)],
    exercises: ["scatterPositions"],
  },
};

const ids = Int32Array.of(3, 34, 3, 0, 11);
const idsPerImage = Int32Array.of(3, 34, 3, 0, 0, 12);

export const differences: FamilyTests["differences"] = [
  unaryReference(
    "gatherPositions, one list with duplicates",
    values([2, 3, 5, 7]),
    (x) => reference.gatherPositions(x, ids),
    (x, dy) => reference.gatherPositionsGradient(x, ids, {}, dy),
  ),
  unaryReference(
    "gatherPositions, a list per image",
    values([2, 3, 5, 7]),
    (x) => reference.gatherPositions(x, idsPerImage, { perImage: true }),
    (x, dy) => reference.gatherPositionsGradient(x, idsPerImage, { perImage: true }, dy),
  ),
];

export const properties: FamilyTests["properties"] = [
  property(
    "gatherPositions, with positions that repeat",
    fc.record({ shape: image(), patches: extent(20), perImage: fc.boolean() }),
    ({ shape, patches, perImage }, random) => {
      const x = uniform(random, shape);
      const ids = positions(random, perImage ? shape[0] * patches : patches, shape[2] * shape[3]);
      return {
        inputs: [x],
        forward: (x) => engine.gatherPositions(x, x.gpu.tensor(ids, perImage ? [shape[0], patches] : undefined)),
        expected: reference.gatherPositions(x, ids, { perImage }),
        gradients: (dy) => [reference.gatherPositionsGradient(x, ids, { perImage }, dy).dx],
      };
    },
  ),
];
