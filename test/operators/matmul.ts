// Cases of matrix products, plain and batched, with either operand transposed, and of the linear layer.
import fc from "fast-check";
import type { Shape } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import { broadcastTo, sumTo } from "../../engine/operators/lib/reference/broadcast.js";
import type { Dense } from "../../engine/operators/reference.js";
import * as reference from "../../engine/operators/reference.js";
import { uniform } from "../support/gpu.js";
import { extent } from "./support/arbitrary.js";
import { type FamilyTests, type OperatorCase, property, type ReferenceCase, values } from "./support/case.js";

export function matmul(
  batchA: Shape,
  batchB: Shape,
  transposeA: boolean,
  transposeB: boolean,
  [m, k, n]: readonly [number, number, number] = [9, 21, 70],
): OperatorCase {
  const a = values([...batchA, ...(transposeA ? [k, m] : [m, k])]);
  const b = values([...batchB, ...(transposeB ? [n, k] : [k, n])]);
  const options = { transposeA, transposeB };
  // The reference does not serve a batch with a single matrix: repeat it, and sum its gradient again.
  const both = (x: Dense, z: Dense) => {
    const batch = x.shape.length > z.shape.length ? x.shape.slice(0, 1) : z.shape.slice(0, z.shape.length - 2);
    return [x, z].map((t) => broadcastTo(t, [...batch, ...t.shape.slice(-2)]));
  };
  return {
    title: `[${a.shape}] [${b.shape}] ${JSON.stringify(options)}`,
    inputs: [a, b],
    forward: (a, b) => engine.matmul(a, b, options),
    reference(a, b) {
      const [x, z] = both(a, b);
      return reference.matmul(x, z, options);
    },
    gradient(dy, a, b) {
      const [x, z] = both(a, b);
      const { da, db } = reference.matmulGradient(x, z, options, dy);
      return [sumTo(da, a.shape), sumTo(db, b.shape)];
    },
  };
}

export function linear(rows: number, inputs: number, outputs: number, withBias: boolean): OperatorCase {
  return {
    title: `[${rows}, ${inputs}] -> ${outputs}${withBias ? "" : " no bias"}`,
    inputs: [values([rows, inputs]), values([outputs, inputs]), ...(withBias ? [values([outputs])] : [])],
    forward: engine.linear,
    reference: reference.linear,
    gradient(dy, x, w, b) {
      const { dx, dw, db } = reference.linearGradient(x, w, b, dy);
      return b ? [dx, dw, db] : [dx, dw];
    },
  };
}

export const cases: FamilyTests["cases"] = {
  matmul: {
    cases: [
      matmul([], [], false, false),
      matmul([], [], true, true),
      matmul([3], [3], false, true),
      matmul([3], [3], true, false),
      matmul([], [2], false, false),
      matmul([2], [], true, true),
    ],
  },
  linear: {
    cases: [linear(5, 33, 3, true), linear(8, 20, 1, true), linear(67, 20, 130, false)],
    exercises: ["matmul"],
  },
};

/** A product of [5, 3] and [3, 7]. */
function smallProduct(transposeA: boolean, transposeB: boolean, batch: Shape): ReferenceCase {
  const a = values([...batch, ...(transposeA ? [3, 5] : [5, 3])]);
  const b = values([...batch, ...(transposeB ? [7, 3] : [3, 7])]);
  const options = { transposeA, transposeB };
  return {
    title: `matmul [${a.shape}] [${b.shape}] ${JSON.stringify(options)}`,
    inputs: [a, b],
    reference: (a, b) => reference.matmul(a, b, options),
    gradient(dy, a, b) {
      const { da, db } = reference.matmulGradient(a, b, options, dy);
      return [da, db];
    },
  };
}

export const differences: FamilyTests["differences"] = [
  ...[false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) => [[], [2]].map((batch) => smallProduct(transposeA, transposeB, batch))),
  ),
  { ...linear(5, 3, 7, true), title: "linear" },
];

export const properties: FamilyTests["properties"] = [
  property(
    "matmul",
    fc.record({
      size: fc.tuple(extent(70), extent(40), extent(70)),
      batch: fc.option(extent(3)),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
    }),
    ({ size: [m, k, n], batch, transposeA, transposeB }, random) => {
      const lead = batch === null ? [] : [batch];
      const a = uniform(random, [...lead, ...(transposeA ? [k, m] : [m, k])]);
      const b = uniform(random, [...lead, ...(transposeB ? [n, k] : [k, n])]);
      const options = { transposeA, transposeB };
      return {
        inputs: [a, b],
        forward: (a, b) => engine.matmul(a, b, options),
        expected: reference.matmul(a, b, options),
        gradients(dy) {
          const { da, db } = reference.matmulGradient(a, b, options, dy);
          return [da, db];
        },
      };
    },
  ),
];
