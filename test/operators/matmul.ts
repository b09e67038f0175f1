// Cases of matrix products, plain and batched, with either operand transposed, and of the linear layer, which the
// reference has with one batch axis and with rows: others are reshaped for it.
import fc from "fast-check";
import { type Shape, sizeOf } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import { broadcastShapes } from "../../engine/lib/shapes.js";
import { broadcastTo, sumTo } from "../../engine/operators/lib/reference/broadcast.js";
import * as reference from "../../engine/reference.js";
import { type Dense, dense } from "../../engine/reference.js";
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
  const lead = broadcastShapes("batch", batchA, batchB);
  // The reference does not broadcast: matrices are repeated, and their gradients summed again.
  const repeated = (t: Dense) => {
    const matrix = t.shape.slice(-2);
    return dense([sizeOf(lead), ...matrix], broadcastTo(t, [...lead, ...matrix]).data);
  };
  const summed = (t: Dense, { shape }: Dense) => sumTo(dense([...lead, ...t.shape.slice(1)], t.data), shape);
  return {
    title: `[${a.shape}] [${b.shape}] ${JSON.stringify(options)}`,
    inputs: [a, b],
    forward: (a, b) => engine.matmul(a, b, options),
    reference: (a, b) => dense([...lead, m, n], reference.matmul(repeated(a), repeated(b), options).data),
    gradient(dy, a, b) {
      const ofAll = dense([sizeOf(lead), m, n], dy.data);
      const { da, db } = reference.matmulGradient(repeated(a), repeated(b), options, ofAll);
      return [summed(da, a), summed(db, b)];
    },
  };
}

export function linear(lead: Shape, inputs: number, outputs: number, withBias: boolean): OperatorCase {
  const rows = (t: Dense, columns: number) => dense([sizeOf(lead), columns], t.data);
  return {
    title: `[${[...lead, inputs]}] -> ${outputs}${withBias ? "" : " no bias"}`,
    inputs: [values([...lead, inputs]), values([outputs, inputs]), ...(withBias ? [values([outputs])] : [])],
    forward: engine.linear,
    reference: (x, w, b) => dense([...lead, outputs], reference.linear(rows(x, inputs), w, b).data),
    gradient(dy, x, w, b) {
      const { dx, dw, db } = reference.linearGradient(rows(x, inputs), w, b, rows(dy, outputs));
      return [dense(x.shape, dx.data), dw, ...(b ? [db] : [])];
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
      matmul([2, 3], [], false, true, [3, 5, 7]),
      matmul([2, 3], [2, 3], true, false, [3, 5, 7]),
      matmul([2, 3], [1, 1], true, false, [3, 5, 7]),
      matmul([1], [1, 2, 3], true, true, [3, 5, 7]),
      matmul([1], [1, 1], false, false, [3, 5, 7]),
    ],
  },
  linear: {
    cases: [
      linear([5], 33, 3, true),
      linear([8], 20, 1, true),
      linear([67], 20, 130, false),
      linear([2, 3, 4], 5, 7, true),
    ],
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
  { ...linear([5], 3, 7, true), title: "linear" },
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
