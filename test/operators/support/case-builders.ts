// How the cases of test/operators/support/cases.ts are made: one builder an operator or family, from shapes and options to random
// inputs, the engine's forward, the reference's forward and the reference's gradient.

import type { Shape, Tensor } from "../../../engine/core/tensor.js";
import * as engine from "../../../engine/index.js";
import { broadcastTo, sumTo } from "../../../engine/operators/lib/reference/broadcast.js";
import * as reference from "../../../engine/operators/reference.js";
import { type Dense, dense } from "../../../engine/operators/reference.js";
import { Random } from "../../../engine/random.js";
import { positions, uniform, unitRows } from "../../support/gpu.js";

export interface OperatorCase {
  readonly title: string;
  readonly inputs: readonly Dense[];
  forward(...inputs: Tensor[]): Tensor;
  reference(...inputs: Dense[]): Dense;
  /** Gradients of the inputs in their order, null where an input gets none. */
  gradient(dy: Dense, ...inputs: Dense[]): readonly (Dense | null)[];
  /** The gradient is made by an operator that cannot be differentiated again. */
  readonly once?: boolean;
}

export interface OperatorRow {
  readonly cases: readonly OperatorCase[];
  /** Operators that are not called by users and that the gradients of these cases run. */
  readonly exercises?: readonly string[];
}

const random = new Random(2020);
export const values = (shape: Shape, low = -1, high = 1) => uniform(random, shape, low, high);
/** Values of both signs and at a distance from zero, where ReLU has its corner. */
export const signed = (shape: Shape) =>
  dense(
    shape,
    values(shape).data.map((v) => Math.fround(v + 0.1 * Math.sign(v))),
  );

type Parts = Omit<OperatorCase, "title" | "inputs">;
export const rowOf = (cases: readonly OperatorCase[], ...exercises: string[]): OperatorRow => ({ cases, exercises });
export const at = (title: string, inputs: readonly Dense[], parts: Parts): OperatorCase => ({
  title,
  inputs,
  ...parts,
});

// ---- convolution

export function conv2d(x: Shape, w: Shape, options: engine.Conv2dOptions, withBias = true): OperatorCase {
  const inputs = [values(x), values(w, -0.5, 0.5), ...(withBias ? [values([w[0]])] : [])];
  return at(`[${x}] * [${w}] ${JSON.stringify(options)}${withBias ? "" : " no bias"}`, inputs, {
    forward: (x, w, b) => engine.conv2d(x, w, b, options),
    reference: (x, w, b) => reference.conv2d(x, w, b, options),
    gradient(dy, x, w, b) {
      const { dx, dw, db } = reference.conv2dGradient(x, w, b, options, dy);
      return b ? [dx, dw, db] : [dx, dw];
    },
    once: options.paddingMode === "reflect",
  });
}

export function convTranspose2d(
  x: Shape,
  w: Shape,
  options: engine.ConvTranspose2dOptions,
  withBias = true,
): OperatorCase {
  const inputs = [values(x), values(w, -0.5, 0.5), ...(withBias ? [values([w[1]])] : [])];
  return at(`[${x}] * [${w}] ${JSON.stringify(options)}${withBias ? "" : " no bias"}`, inputs, {
    forward: (x, w, b) => engine.convTranspose2d(x, w, b, options),
    reference: (x, w, b) => reference.convTranspose2d(x, w, b, options),
    gradient(dy, x, w, b) {
      const { dx, dw, db } = reference.convTranspose2dGradient(x, w, b, options, dy);
      return b ? [dx, dw, db] : [dx, dw];
    },
  });
}

// ---- element by element

type UnaryParts = [(x: Tensor) => Tensor, (x: Dense) => Dense, (x: Dense, dy: Dense) => { dx: Dense }, ...Dense[]];
export function unary(...[forward, plain, gradient, ...inputs]: UnaryParts): OperatorRow {
  return rowOf(
    inputs.map((x) =>
      at(`[${x.shape}]`, [x], { forward, reference: plain, gradient: (dy, x) => [gradient(x, dy).dx] }),
    ),
  );
}

type BinaryGradient = (a: Dense, b: Dense, dy: Dense) => { da: Dense; db: Dense };
export function binary(
  forward: (a: Tensor, b: Tensor) => Tensor,
  plain: (a: Dense, b: Dense) => Dense,
  gradient: BinaryGradient,
): OperatorRow {
  const pairs: [Shape, Shape][] = [
    [
      [2, 3, 5, 7],
      [2, 3, 5, 7],
    ],
    [
      [2, 3, 4, 5],
      [3, 1, 5],
    ],
    [
      [3, 1, 2, 1],
      [5, 1, 3],
    ],
    [[], [2, 33]],
    [[2, 1, 3, 1, 5], [1]],
  ];
  return rowOf(
    pairs.map(([a, b]) =>
      at(`[${a}] with [${b}]`, [values(a, 0.5, 2), values(b, 0.5, 2)], {
        forward,
        reference: plain,
        gradient(dy, a, b) {
          const { da, db } = gradient(a, b, dy);
          return [da, db];
        },
      }),
    ),
  );
}

// ---- matrix products

export function matmul(batchA: Shape, batchB: Shape, transposeA: boolean, transposeB: boolean): OperatorCase {
  const [m, k, n] = [9, 21, 70];
  const a = values([...batchA, ...(transposeA ? [k, m] : [m, k])]);
  const b = values([...batchB, ...(transposeB ? [n, k] : [k, n])]);
  const options = { transposeA, transposeB };
  // The reference does not serve a batch with a single matrix: repeat it, and sum its gradient again.
  const both = (x: Dense, z: Dense) => {
    const batch = x.shape.length > z.shape.length ? x.shape.slice(0, 1) : z.shape.slice(0, z.shape.length - 2);
    return [x, z].map((t) => broadcastTo(t, [...batch, ...t.shape.slice(-2)]));
  };
  return at(`[${a.shape}] [${b.shape}] ${JSON.stringify(options)}`, [a, b], {
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
  });
}

export function linear(rows: number, inputs: number, outputs: number, withBias: boolean): OperatorCase {
  const tensors = [values([rows, inputs]), values([outputs, inputs]), ...(withBias ? [values([outputs])] : [])];
  return at(`[${rows}, ${inputs}] -> ${outputs}${withBias ? "" : " no bias"}`, tensors, {
    forward: engine.linear,
    reference: reference.linear,
    gradient(dy, x, w, b) {
      const { dx, dw, db } = reference.linearGradient(x, w, b, dy);
      return b ? [dx, dw, db] : [dx, dw];
    },
  });
}

// ---- normalisation, reduction, resampling

export function instanceNorm(
  shape: Shape,
  activation: "none" | "relu" | "leakyRelu",
  withResidual: boolean,
): OperatorCase {
  const x = values(shape, 2, 6);
  const inputs = withResidual ? [x, values(shape)] : [x];
  return at(`[${shape}] ${activation}${withResidual ? " with residual" : ""}`, inputs, {
    forward: (x, residual) => engine.instanceNorm(x, { activation, residual, eps: 1e-3 }),
    reference: (x, residual) => reference.instanceNorm(x, { activation, residual, eps: 1e-3 }),
    gradient(dy, x, residual) {
      const { dx } = reference.instanceNormGradient(x, { activation, eps: 1e-3 }, dy);
      return residual ? [dx, dy] : [dx];
    },
    once: true,
  });
}

export function reduction(
  shape: Shape,
  axes: readonly number[] | undefined,
  keepdim = false,
  mean = false,
): OperatorCase {
  const all = axes ?? shape.map((_, i) => i);
  const [forward, plain, gradient] = mean
    ? [engine.mean, reference.mean, reference.meanGradient]
    : [engine.sum, reference.sum, reference.sumGradient];
  return at(`${mean ? "mean" : "sum"} of [${shape}] over [${all}]${keepdim ? " kept" : ""}`, [values(shape, 0, 1)], {
    forward: (x) => forward(x, axes, keepdim),
    reference: (x) => plain(x, axes, keepdim),
    gradient: (dy, x) => [gradient(x, all, keepdim, dy).dx],
  });
}

export const padded = (
  forward: (x: Tensor, p: number) => Tensor,
  plain: (x: Dense, p: number) => Dense,
  gradient: (x: Dense, p: number, dy: Dense) => { dx: Dense },
  ...given: [Shape, number][]
) =>
  given.map(([shape, p]) =>
    at(`[${shape}] by ${p}`, [values(shape)], {
      forward: (x) => forward(x, p),
      reference: (x) => plain(x, p),
      gradient: (dy, x) => [gradient(x, p, dy).dx],
    }),
  );

// ---- patches

export function gather(shape: Shape, patches: number, perImage: boolean): OperatorCase {
  const ids = positions(random, perImage ? shape[0] * patches : patches, Math.min(6, shape[2] * shape[3]));
  const options = { perImage };
  return at(`[${shape}] at ${patches}${perImage ? " for each image" : ""}`, [values(shape)], {
    forward: (x) => engine.gatherPositions(x, x.gpu.tensor(ids, perImage ? [shape[0], patches] : undefined)),
    reference: (x) => reference.gatherPositions(x, ids, options),
    gradient: (dy, x) => [reference.gatherPositionsGradient(x, ids, options, dy).dx],
  });
}

export function l2Normalize(x: Dense, eps: number): OperatorCase {
  return at(`[${x.shape}] eps ${eps}`, [x], {
    forward: (x) => engine.l2Normalize(x, eps),
    reference: (x) => reference.l2Normalize(x, eps),
    gradient: (dy, x) => [reference.l2NormalizeGradient(x, eps, dy).dx],
    once: true,
  });
}

export function patchNce(rows: number, channels: number, groups: number): OperatorCase {
  const options = { groups, tau: 0.07 };
  return at(
    `[${rows}, ${channels}] in ${groups} groups`,
    [unitRows(random, rows, channels), unitRows(random, rows, channels)],
    {
      forward: (q, k) => engine.patchNce(q, k, options),
      reference: (q, k) => reference.patchNce(q, k, options),
      gradient: (dy, q, k) => [reference.patchNceGradient(q, k, options, dy).dq, null],
      once: true,
    },
  );
}

export function patchNcePath(shape: Shape, patches: number, hidden: number, groups: number): OperatorCase {
  const [batch, channels, height, width] = shape;
  const ids = positions(random, patches, height * width);
  const keys = unitRows(random, batch * patches, hidden);
  const options = { groups, tau: 0.07 };
  const head = (x: Dense, w1: Dense, b1: Dense, w2: Dense, b2: Dense) => {
    const rows = reference.gatherPositions(x, ids);
    const before = reference.linear(rows, w1, b1);
    const active = reference.relu(before);
    const out = reference.linear(active, w2, b2);
    return { rows, before, active, out, unit: reference.l2Normalize(out) };
  };
  const inputs = [values(shape), values([hidden, channels]), values([hidden]), values([hidden, hidden])];
  return at(`[${shape}] at ${patches} to ${hidden} in ${groups} groups`, [...inputs, values([hidden])], {
    forward(x, w1, b1, w2, b2) {
      const k = x.gpu.tensor(Float32Array.from(keys.data), keys.shape);
      return engine.patchNcePath(x, x.gpu.tensor(ids), { w1, b1, w2, b2 }, k, options);
    },
    reference: (x, w1, b1, w2, b2) => reference.patchNce(head(x, w1, b1, w2, b2).unit, keys, options),
    gradient(dy, x, w1, b1, w2, b2) {
      const made = head(x, w1, b1, w2, b2);
      const { dq } = reference.patchNceGradient(made.unit, keys, options, dy);
      const { dx: dOut } = reference.l2NormalizeGradient(made.out, 1e-7, dq);
      const second = reference.linearGradient(made.active, w2, b2, dOut);
      const { dx: dBefore } = reference.reluGradient(made.before, second.dx);
      const first = reference.linearGradient(made.rows, w1, b1, dBefore);
      const { dx } = reference.gatherPositionsGradient(x, ids, {}, first.dx);
      return [dx, first.dw, first.db, second.dw, second.db];
    },
    once: true,
  });
}
