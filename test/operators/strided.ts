// Cases of moving elements. All are linear, so that differences of the reference are exact gradients.
import fc from "fast-check";
import * as engine from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { uniform } from "../support/gpu.js";
import { extent } from "./support/arbitrary.js";
import { byDifferences, type FamilyTests, type OperatorCase, property, values } from "./support/case.js";

const concat = (axis: number, ...lengths: number[]): OperatorCase =>
  byDifferences(
    `concat of lengths ${lengths} along axis ${axis}`,
    lengths.map((n) => values([3, 2, 5].with(axis, n))),
    (...xs) => engine.concat(xs, axis),
    (...xs) => reference.concat(xs, axis < 0 ? axis + 3 : axis),
  );

const permute = (shape: number[], axes: number[]): OperatorCase =>
  byDifferences(
    `[${shape}] to axes [${axes}]`,
    [values(shape)],
    (x) => engine.permute(x, axes),
    (x) => reference.permute(x, axes),
  );

const slice = (shape: number[], start: number, end: number, axis: number, step?: number): OperatorCase =>
  byDifferences(
    `[${shape}] from ${start} to ${end} along ${axis} by ${step ?? 1}`,
    [values(shape)],
    (x) => engine.slice(x, start, end, axis, step),
    (x) => reference.slice(x, start, end, axis, step),
  );

const flip = (shape: number[], axes: number[]): OperatorCase =>
  byDifferences(
    `[${shape}] along [${axes}]`,
    [values(shape)],
    (x) => engine.flip(x, axes),
    (x) => reference.flip(x, axes),
  );

type Mode = "constant" | "reflect" | "replicate";

const pad = (shape: number[], padding: number[], mode: Mode, value?: number): OperatorCase => {
  const borders = shape.map((_, axis) => {
    const at = 2 * (shape.length - 1 - axis);
    return [padding[at] ?? 0, padding[at + 1] ?? 0] as const;
  });
  return byDifferences(
    `[${shape}] by [${padding}], ${mode}`,
    [values(shape)],
    (x) => engine.pad(x, padding, { mode, value }),
    (x) => reference.pad(x, borders, mode, value),
  );
};

/** Functions that reshape or are composed of the others. */
const renamed = (
  title: string,
  shape: number[],
  forward: OperatorCase["forward"],
  to: number[],
  order: number[] = shape.map((_, axis) => axis),
) => byDifferences(title, [values(shape)], forward, (x) => reference.reshape(reference.permute(x, order), to));

export const cases: FamilyTests["cases"] = {
  permute: {
    cases: [
      permute([2, 3, 4, 5], [0, 2, 3, 1]),
      permute([2, 3, 4, 5], [3, 1, 0, 2]),
      permute([5, 37], [1, 0]),
      permute([2, 1, 2, 1, 2, 3, 2, 2, 2], [8, 7, 6, 5, 4, 3, 2, 1, 0]),
      permute([2, 3, 2, 3, 2, 3], [5, 3, 1, 0, 2, 4]),
      permute([2, 1, 3], [2, 0, 1]),
    ],
    exercises: ["place"],
  },
  transpose: {
    cases: [
      renamed("the last two", [2, 3, 5], (x) => engine.transpose(x), [2, 5, 3], [0, 2, 1]),
      renamed("the first and the last", [2, 3, 5], (x) => engine.transpose(x, 0, -1), [5, 3, 2], [2, 1, 0]),
    ],
  },
  squeeze: {
    cases: [
      renamed("all", [1, 3, 1], (x) => engine.squeeze(x), [3]),
      renamed("one", [1, 3, 1], (x) => engine.squeeze(x, -1), [1, 3]),
    ],
  },
  unsqueeze: { cases: [renamed("behind", [2, 3], (x) => engine.unsqueeze(x, -1), [2, 3, 1])] },
  flatten: {
    cases: [
      renamed("images", [2, 3, 2, 2], (x) => engine.flatten(x, 1), [2, 12]),
      renamed("in the middle", [2, 3, 2, 2], (x) => engine.flatten(x, 1, 2), [2, 6, 2]),
    ],
  },
  concat: { cases: [concat(0, 2, 1, 3), concat(1, 2, 1, 3), concat(-1, 9, 4)], exercises: ["asStrided"] },
  stack: {
    cases: [0, 1, -1].map((axis) =>
      byDifferences(
        `along ${axis}`,
        [values([2, 3]), values([2, 3])],
        (...xs) => engine.stack(xs, axis),
        (...xs) => {
          const shape = [
            [1, 2, 3],
            [2, 1, 3],
            [2, 3, 1],
          ].at(axis) as number[];
          return reference.concat(
            xs.map((x) => reference.reshape(x, shape)),
            axis < 0 ? 2 : axis,
          );
        },
      ),
    ),
  },
  slice: {
    cases: [slice([5, 3, 7], 1, 4, 0), slice([3, 5, 4], 2, 3, 1), slice([3, 5, 11], 1, 10, 2, 3)],
    exercises: ["place"],
  },
  split: {
    cases: [
      byDifferences(
        "by 2",
        [values([2, 5, 3])],
        (x) => engine.concat(engine.split(x, 2, 1).reverse(), 1),
        (x) =>
          reference.concat([reference.slice(x, 4, 5, 1), reference.slice(x, 2, 4, 1), reference.slice(x, 0, 2, 1)], 1),
      ),
      byDifferences(
        "by 1 and 4",
        [values([5, 3])],
        (x) => engine.split(x, [1, 4])[1],
        (x) => reference.slice(x, 1, 5),
      ),
    ],
  },
  flip: { cases: [flip([2, 3, 4, 5], [3]), flip([2, 3, 17], [0, 2]), flip([5], [0])] },
  pad: {
    cases: [
      pad([2, 3, 4, 5], [1, 2], "constant"),
      pad([3, 4, 5], [0, 1, 2, 0, 1, 1], "constant", -0.5),
      pad([2, 3, 4], [1, 0, 2, 1], "reflect"),
      pad([2, 3, 4], [2, 1, 0, 0, 1, 3], "replicate"),
    ],
    exercises: ["asStrided"],
  },
};

export const properties: FamilyTests["properties"] = [
  property(
    "moving elements: permuted, cut, mirrored, padded and joined",
    fc.record({
      shape: fc.tuple(extent(4), extent(5), extent(9)),
      axis: extent(2, 0),
      order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
    }),
    ({ shape, axis, order }, random) => {
      const x = uniform(random, shape);
      const plain = (x: reference.Dense) => {
        const p = reference.permute(x, order);
        const cut = reference.slice(p, 0, Math.max(1, p.shape[axis] - 1), axis);
        const padded = reference.pad(
          reference.flip(cut, [axis]),
          cut.shape.map(() => [0, 1] as const),
          "constant",
        );
        return reference.concat([padded, padded], axis);
      };
      const given = byDifferences(
        "",
        [x],
        (x) => {
          const p = engine.permute(x, order);
          const cut = engine.slice(p, 0, Math.max(1, p.shape[axis] - 1), axis);
          const padded = engine.pad(engine.flip(cut, axis), [0, 1, 0, 1, 0, 1]);
          return engine.concat([padded, padded], axis);
        },
        plain,
      );
      return {
        inputs: [x],
        forward: given.forward,
        expected: plain(x),
        gradients: (dy) => given.gradient(dy, x),
      };
    },
  ),
];
