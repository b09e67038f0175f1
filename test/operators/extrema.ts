// Cases of the largest and smallest elements and their indices. Elements differ by more than the step of the
// differences, so that it does not change which one is found; ties have a test in test/operators/ties.test.ts.
import type { Shape } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { byDifferences, type FamilyTests, type OperatorCase, spread } from "./support/case.js";

const extrema = {
  max: [engine.max, reference.max],
  min: [engine.min, reference.min],
} as const;

const extremum = (name: keyof typeof extrema, shape: Shape, axes?: number[], keepdim = false): OperatorCase => {
  const [forward, plain] = extrema[name];
  return byDifferences(
    `[${shape}] over [${axes}]${keepdim ? " kept" : ""}`,
    [spread(shape)],
    (x) => forward(x, axes, keepdim),
    (x) => plain(x, axes, keepdim),
  );
};

/** The elements at the indices, since indices themselves have no gradient. */
const atIndex = (name: "argmax" | "argmin", shape: Shape, axis: number): OperatorCase => {
  const [forward, plain] = name === "argmax" ? [engine.argmax, reference.max] : [engine.argmin, reference.min];
  return byDifferences(
    `[${shape}] along ${axis}`,
    [spread(shape)],
    (x) => engine.squeeze(engine.gather(x, axis, engine.unsqueeze(forward(x, axis), axis)), axis),
    (x) => plain(x, [axis < 0 ? axis + shape.length : axis]),
  );
};

const rows = (name: keyof typeof extrema) => [
  extremum(name, [2, 3, 5]),
  extremum(name, [2, 3, 2, 3], [1, 3], true),
  extremum(name, [2, 70], [1]),
  extremum(name, [3, 2, 2, 3], [0, 2]),
  extremum(name, [2, 3, 2, 2, 3], [0, 2, 4]),
];

export const cases: FamilyTests["cases"] = {
  max: { cases: rows("max") },
  min: { cases: rows("min") },
  argmax: { cases: [atIndex("argmax", [5, 37], 1), atIndex("argmax", [3, 4, 5], 1), atIndex("argmax", [4, 3], -2)] },
  argmin: { cases: [atIndex("argmin", [5, 37], 1), atIndex("argmin", [3, 4, 5], 0)] },
};
