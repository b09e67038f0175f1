// Cases of the fixed filters: blurred downsampling and bilinear upsampling.
import fc from "fast-check";
import * as engine from "../../engine/index.js";
import * as r from "../../engine/reference.js";
import { uniform } from "../support/gpu.js";
import { image } from "./support/arbitrary.js";
import {
  byDifferences,
  type FamilyTests,
  type OperatorCase,
  property,
  unary,
  unaryReference,
  values,
} from "./support/case.js";

const centres = (y: number, n: number, m: number) => Math.min(Math.max(((y + 0.5) * n) / m - 0.5, 0), n - 1);

/** An image in another size: `place` says where a row or column of the result lies among those of x. */
const resized = (
  shape: [number, number, number, number],
  options: engine.InterpolateOptions,
  place: (y: number, n: number, m: number) => number,
  size: [number, number],
): OperatorCase =>
  byDifferences(
    `[${shape}] ${JSON.stringify(options)}`,
    [values(shape)],
    (x) => engine.interpolate(x, options),
    (x) =>
      r.build([shape[0], shape[1], ...size], ([b, c, j, i]) => {
        const [row, column] = [place(j, shape[2], size[0]), place(i, shape[3], size[1])];
        let sum = 0;
        for (const y of [Math.floor(row), Math.ceil(row)]) {
          for (const z of [Math.floor(column), Math.ceil(column)]) {
            const weight = (y === row ? 0.5 : 1 - Math.abs(row - y)) * (z === column ? 0.5 : 1 - Math.abs(column - z));
            sum += weight * r.element(x, [b, c, y, z]);
          }
        }
        return sum;
      }),
  );

export const cases: FamilyTests["cases"] = {
  blurDown: {
    // The last two of whole vec4s, and one of several of them and a rest.
    cases: unary(
      engine.blurDown,
      r.blurDown,
      r.blurDownGradient,
      ...[
        values([2, 3, 5, 8]),
        values([1, 1, 2, 3]),
        values([1, 2, 4, 15]),
        values([2, 2, 5, 16]),
        values([1, 1, 6, 24]),
      ],
    ),
    exercises: ["blurDownGradient"],
  },
  blurUp: {
    cases: unary(
      engine.blurUp,
      r.blurUp,
      r.blurUpGradient,
      ...[
        values([2, 3, 5, 4]),
        values([1, 1, 1, 2]),
        values([1, 2, 3, 7]),
        values([2, 2, 5, 8]),
        values([1, 1, 1, 12]),
      ],
    ),
    exercises: ["blurUpGradient"],
  },
  interpolate: {
    cases: [
      resized([1, 2, 3, 4], { scaleFactor: 2 }, (y, n, m) => Math.floor((y * n) / m), [6, 8]),
      resized([2, 1, 5, 3], { size: [3, 7], mode: "nearest" }, (y, n, m) => Math.floor((y * n) / m), [3, 7]),
      resized([1, 2, 3, 4], { scaleFactor: [2, 1], mode: "bilinear" }, centres, [6, 4]),
      resized([1, 1, 5, 4], { size: [3, 9], mode: "bilinear" }, centres, [3, 9]),
      resized(
        [1, 1, 3, 4],
        { size: [5, 7], mode: "bilinear", alignCorners: true },
        (y, n, m) => (y * (n - 1)) / (m - 1),
        [5, 7],
      ),
    ],
  },
};

export const differences: FamilyTests["differences"] = [
  unaryReference("blurDown odd", values([2, 3, 5, 7]), r.blurDown, r.blurDownGradient),
  unaryReference("blurDown even", values([1, 2, 4, 6]), r.blurDown, r.blurDownGradient),
  unaryReference("blurUp", values([2, 3, 5, 7]), r.blurUp, r.blurUpGradient),
  unaryReference("blurUp of one row", values([1, 2, 1, 3]), r.blurUp, r.blurUpGradient),
];

export const properties: FamilyTests["properties"] = [
  property("blurDown and blurUp", fc.record({ shape: image(2), down: fc.boolean() }), ({ shape, down }, random) => {
    const x = uniform(random, shape);
    const [forward, plain, gradient] = down
      ? [engine.blurDown, r.blurDown, r.blurDownGradient]
      : [engine.blurUp, r.blurUp, r.blurUpGradient];
    return { inputs: [x], forward, expected: plain(x), gradients: (dy) => [gradient(x, dy).dx] };
  }),
];
