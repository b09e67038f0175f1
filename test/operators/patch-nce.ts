// Cases of unit rows, PatchNCE, hDCE with SRC, MoNCE and fused PatchNCE from feature maps.
import fc from "fast-check";
import type { Shape } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { type Dense, zeros } from "../../engine/reference.js";
import { unitRows, upload } from "../support/gpu.js";
import { extent } from "./support/arbitrary.js";
import {
  type FamilyTests,
  type OperatorCase,
  places,
  property,
  type ReferenceCase,
  unaryReference,
  unit,
  values,
} from "./support/case.js";

/** The temperature of the method. */
const TAU = 0.07;
const L2_EPS = 1e-7;

function l2Normalize(x: Dense, eps: number): OperatorCase {
  return {
    title: `[${x.shape}] eps ${eps}`,
    inputs: [x],
    forward: (x) => engine.l2Normalize(x, eps),
    reference: (x) => reference.l2Normalize(x, eps),
    gradient: (dy, x) => [reference.l2NormalizeGradient(x, eps, dy).dx],
  };
}

/** The norm is not differentiable at a row of zeros; its gradient there is taken as zero. */
function withZeroRow(): Dense {
  const x = values([3, 70]);
  x.data.fill(0, 70, 140);
  return x;
}

function patchNce(rows: number, channels: number, groups: number): OperatorCase {
  const options = { groups, tau: TAU };
  return {
    title: `[${rows}, ${channels}] in ${groups} groups`,
    inputs: [unit(rows, channels), unit(rows, channels)],
    forward: (q, k) => engine.patchNce(q, k, options),
    reference: (q, k) => reference.patchNce(q, k, options),
    gradient: (dy, q, k) => [reference.patchNceGradient(q, k, options, dy).dq, null],
  };
}

function hdce(rows: number, channels: number, gamma: number, given: Pick<engine.HdceOptions, "groups" | "related">) {
  const options = { tau: TAU, ...given };
  return {
    title: `[${rows}, ${channels}] gamma ${gamma} ${JSON.stringify(given)}`,
    inputs: [unit(rows, channels), unit(rows, channels), reference.dense([1], [gamma])],
    forward: (q, k, gamma) => engine.hdce(q, k, gamma, options),
    reference: (q, k, gamma) => reference.hdce(q, k, gamma, options),
    gradient: (dy, q, k, gamma) => [reference.hdceGradient(q, k, gamma, options, dy).dq, null, null],
    once: true,
  } satisfies OperatorCase;
}

/** SRC alone, of rows that are nearly equal to their keys: a difference of logarithms would lose all digits. */
function nearRelations(rows: number, channels: number): OperatorCase {
  const options = { groups: 1, tau: TAU, related: rows };
  const [k, gamma] = [unit(rows, channels), reference.dense([1], [1])];
  const q = reference.l2Normalize(reference.add(k, values([rows, channels], -0.01, 0.01)));
  return {
    title: `[${rows}, ${channels}] with nearly no divergence`,
    inputs: [reference.dense(q.shape, Float32Array.from(q.data))],
    forward: (q) => engine.slice(engine.hdce(q, upload(q.gpu, k), upload(q.gpu, gamma), options), rows, 2 * rows),
    reference: (q) => reference.slice(reference.hdce(q, k, gamma, options), rows, 2 * rows),
    gradient: (dy, q) => [reference.hdceGradient(q, k, gamma, options, reference.concat([zeros([rows]), dy])).dq],
    once: true,
  };
}

const PLAN = { cost: "hard", eps: 1, negTermWeight: 1, rounds: 50, planDetached: false } as const;

function monce(rows: number, channels: number, given: Partial<engine.MonceOptions>): OperatorCase {
  const options = { groups: 1, tau: TAU, ...PLAN, ...given };
  return {
    title: `[${rows}, ${channels}] ${JSON.stringify(given)}`,
    inputs: [unit(rows, channels), unit(rows, channels)],
    forward: (q, k) => engine.monce(q, k, options),
    reference: (q, k) => reference.monce(q, k, options),
    gradient: (dy, q, k) => [reference.monceGradient(q, k, options, dy).dq, null],
    once: true,
  };
}

/** The reference's rows at positions of x, through the head; and what its gradient needs of them. */
function embed(ids: Int32Array, [x, w1, b1, w2, b2]: readonly Dense[]) {
  const rows = reference.gatherPositions(x, ids);
  const before = reference.linear(rows, w1, b1);
  const active = reference.relu(before);
  const out = reference.linear(active, w2, b2);
  return { rows, before, active, out, unit: reference.l2Normalize(out) };
}

/** Features and a head. */
const pathInputs = (shape: Shape, hidden: number): Dense[] => [
  values(shape),
  values([hidden, shape[1]]),
  values([hidden]),
  values([hidden, hidden]),
  values([hidden]),
];

function fusedPatchNce(shape: Shape, patches: number, hidden: number, groups: number): OperatorCase {
  const [batch, , height, width] = shape;
  const ids = places(patches, height * width);
  const keys = unit(batch * patches, hidden);
  const options = { groups, tau: TAU };
  return {
    title: `[${shape}] at ${patches} to ${hidden} in ${groups} groups`,
    inputs: pathInputs(shape, hidden),
    forward: (x, w1, b1, w2, b2) =>
      engine.fusedPatchNce(x, x.gpu.tensor(ids), { w1, b1, w2, b2 }, upload(x.gpu, keys), options),
    reference: (...inputs) => reference.patchNce(embed(ids, inputs).unit, keys, options),
    gradient(dy, ...inputs) {
      const [x, w1, b1, w2, b2] = inputs;
      const made = embed(ids, inputs);
      const { dq } = reference.patchNceGradient(made.unit, keys, options, dy);
      const { dx: dOut } = reference.l2NormalizeGradient(made.out, L2_EPS, dq);
      const second = reference.linearGradient(made.active, w2, b2, dOut);
      const { dx: dBefore } = reference.reluGradient(made.before, second.dx);
      const first = reference.linearGradient(made.rows, w1, b1, dBefore);
      const { dx } = reference.gatherPositionsGradient(x, ids, {}, first.dx);
      return [dx, first.dw, first.db, second.dw, second.db];
    },
    once: true,
  };
}

/** Keys get no gradient. */
function patchKeys(shape: Shape, patches: number, hidden: number): OperatorCase {
  const ids = places(patches, shape[2] * shape[3]);
  return {
    title: `[${shape}] at ${patches} to ${hidden}`,
    inputs: pathInputs(shape, hidden),
    forward: (x, w1, b1, w2, b2) => engine.patchKeys(x, x.gpu.tensor(ids), { w1, b1, w2, b2 }),
    reference: (...inputs) => embed(ids, inputs).unit,
    gradient: () => [null, null, null, null, null],
  };
}

export const cases: FamilyTests["cases"] = {
  l2Normalize: {
    cases: [l2Normalize(values([9, 33]), L2_EPS), l2Normalize(withZeroRow(), 0.1)],
    exercises: ["l2NormalizeGradient"],
  },
  patchNce: {
    cases: [
      patchNce(14, 5, 2),
      patchNce(33, 33, 1),
      patchNce(70, 130, 1),
      // Many channels.
      patchNce(6, 260, 3),
      patchNce(5, 521, 1),
      // More keys per group than a block has.
      patchNce(300, 9, 1),
      patchNce(520, 7, 2),
    ],
    exercises: ["patchNceGradient"],
  },
  hdce: {
    cases: [
      // The related rows are a group, a part of one, several groups; and more than a block has.
      hdce(14, 5, 50, { groups: 2, related: 7 }),
      hdce(33, 33, 1, { groups: 1, related: 11 }),
      hdce(27, 4, 10, { groups: 3, related: 18 }),
      hdce(530, 3, 0.5, { groups: 10, related: 265 }),
      hdce(261, 3, 10, { groups: 1, related: 261 }),
      nearRelations(21, 6),
    ],
    exercises: ["hdceGradient"],
  },
  monce: {
    cases: [
      monce(14, 5, { groups: 2 }),
      monce(33, 33, { eps: 0.1 }),
      monce(27, 4, { groups: 3, cost: "easy", negTermWeight: 0.5, rounds: 3 }),
      // More columns than a workgroup has, four by four.
      monce(261, 3, { rounds: 2 }),
    ],
    exercises: ["monceGradient"],
  },
  patchKeys: { cases: [patchKeys([2, 3, 5, 7], 11, 9)] },
  fusedPatchNce: { cases: [fusedPatchNce([2, 3, 5, 7], 11, 9, 2), fusedPatchNce([3, 5, 4, 4], 7, 33, 1)] },
};

/** At a temperature that leaves every logit some weight; keys are constants. */
function smallNce(groups: number): ReferenceCase {
  const k = values([6, 5]);
  const options = { groups, tau: 0.3 };
  return {
    title: `patchNce in ${groups} groups`,
    inputs: [values([6, 5])],
    reference: (q) => reference.patchNce(q, k, options),
    gradient: (dy, q) => [reference.patchNceGradient(q, k, options, dy).dq],
  };
}

function smallMonce(given: Partial<engine.MonceOptions>): ReferenceCase {
  const k = values([6, 5]);
  const options = { tau: 0.3, ...PLAN, groups: 2, rounds: 3, ...given };
  return {
    title: `monce ${JSON.stringify(given)}`,
    inputs: [values([6, 5])],
    reference: (q) => reference.monce(q, k, options),
    gradient: (dy, q) => [reference.monceGradient(q, k, options, dy).dq],
  };
}

function smallHdce(groups: number, related: number): ReferenceCase {
  const [k, gamma] = [values([6, 5]), reference.dense([1], [0.7])];
  const options = { groups, related, tau: 0.3 };
  return {
    title: `hdce in ${groups} groups, ${related} related`,
    inputs: [values([6, 5])],
    reference: (q) => reference.hdce(q, k, gamma, options),
    gradient: (dy, q) => [reference.hdceGradient(q, k, gamma, options, dy).dq],
  };
}

export const differences: FamilyTests["differences"] = [
  unaryReference(
    "l2Normalize",
    values([5, 7]),
    (x) => reference.l2Normalize(x, 0.1),
    (x, dy) => reference.l2NormalizeGradient(x, 0.1, dy),
  ),
  smallNce(1),
  smallNce(2),
  smallHdce(1, 6),
  smallHdce(2, 4),
  smallMonce({}),
  smallMonce({ groups: 1, cost: "easy", eps: 0.7, negTermWeight: 2 }),
];

export const properties: FamilyTests["properties"] = [
  property(
    "patchNce in groups",
    fc.record({ groups: extent(3), patches: extent(40), channels: extent(40, 2) }),
    ({ groups, patches, channels }, random) => {
      const [q, k] = [0, 1].map(() => unitRows(random, groups * patches, channels));
      // At the method's temperature a group of one, which has the masked negative alone, loses less than float32 holds.
      const options = { groups, tau: patches > 1 ? TAU : 0.2 };
      return {
        inputs: [q, k],
        forward: (q, k) => engine.patchNce(q, k, options),
        expected: reference.patchNce(q, k, options),
        gradients: (dy) => [reference.patchNceGradient(q, k, options, dy).dq, null],
      };
    },
  ),
];
