// The reference against PyTorch's float64: every golden case, output and gradients. The goldens were rounded to float32
// on storing, inputs included, so two of them agree to some 1e-7 and not to 1e-16.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as reference from "../../../engine/reference.js";
import { type Dense, dense, zeros } from "../../../engine/reference.js";
import { ganLoss, ganLossGradient } from "../../support/gan-loss.js";
import { isAnswer, type OperatorParameters } from "../../support/golden-operators.js";
import { type OperatorCase, operatorCases, relativeError } from "../../support/goldens.js";
import { differentiated } from "../support/case.js";

const BOUND = 2e-6;

type Answers = Record<string, Dense>;

/** What an elementary function of the reference answers. */
function elementary(given: OperatorCase, { forward, gradient }: typeof reference.exp): Answers {
  const [x, dy] = ["x", "dy"].map(given.dense);
  return { y: forward(x), ...gradient(x, dy) };
}

/** What a function without a gradient of its own answers, by differences. */
function byDifferences(
  given: OperatorCase,
  names: readonly string[],
  forward: (...inputs: Dense[]) => Dense,
  step?: number,
): Answers {
  const inputs = names.map(given.dense);
  const gradients = differentiated(forward, given.dense("dy"), inputs, step);
  return { y: forward(...inputs), ...Object.fromEntries(names.map((name, i) => [`d${name}`, gradients[i]])) };
}

/** A normalisation over axes of x in another shape, then weight and bias of the channels in one that broadcasts. */
const normalized = (given: OperatorCase, grouped: readonly number[], axes: number[], channels: number[], eps: number) =>
  byDifferences(given, ["x", "w", "b"], (x, w, b) => {
    const standard = reference.reshape(reference.standardize(reference.reshape(x, grouped), axes, eps), x.shape);
    return reference.add(reference.mul(standard, reference.reshape(w, channels)), reference.reshape(b, channels));
  });

/** What the reference answers to a case: the output y and the gradients, under the goldens' names. */
const answers: Record<string, (given: OperatorCase, parameters: OperatorParameters) => Answers> = {
  conv2d(given, parameters) {
    const [x, w, b, dy] = ["x", "w", "b", "dy"].map(given.dense);
    if (Array.isArray(parameters.stride)) {
      // The cases with options for each axis.
      const options = parameters as unknown as reference.GeneralConv2dOptions;
      const y = reference.generalConv2d(x, w, options);
      const { db } = reference.addGradient(y, reference.reshape(b, [w.shape[0], 1, 1]), dy);
      const biased = reference.add(y, reference.reshape(b, db.shape));
      return { y: biased, ...reference.generalConv2dGradient(x, w, options, dy), db: reference.reshape(db, b.shape) };
    }
    return { y: reference.conv2d(x, w, b, parameters), ...reference.conv2dGradient(x, w, b, parameters, dy) };
  },
  convTranspose2d(given, parameters) {
    const [x, w, b, dy] = ["x", "w", "b", "dy"].map(given.dense);
    const gradients = reference.convTranspose2dGradient(x, w, b, parameters, dy);
    return { y: reference.convTranspose2d(x, w, b, parameters), ...gradients };
  },
  reflectPad2d(given, { padding }) {
    const [x, dy] = ["x", "dy"].map(given.dense);
    return { y: reference.reflectionPad2d(x, padding), ...reference.reflectionPad2dGradient(x, padding, dy) };
  },
  blurDown(given) {
    const [x, dy] = ["x", "dy"].map(given.dense);
    return { y: reference.blurDown(x), ...reference.blurDownGradient(x, dy) };
  },
  blurUp(given) {
    const [x, dy] = ["x", "dy"].map(given.dense);
    return { y: reference.blurUp(x), ...reference.blurUpGradient(x, dy) };
  },
  instanceNorm(given, { eps }) {
    const [x, dy] = ["x", "dy"].map(given.dense);
    return { y: reference.instanceNorm(x, { eps }), dx: reference.instanceNormGradient(x, { eps }, dy).dx };
  },
  linear(given) {
    const [x, w, b, dy] = ["x", "w", "b", "dy"].map(given.dense);
    return { y: reference.linear(x, w, b), ...reference.linearGradient(x, w, b, dy) };
  },
  l2norm(given, { eps }) {
    const [x, dy] = ["x", "dy"].map(given.dense);
    return { y: reference.l2Normalize(x, eps), ...reference.l2NormalizeGradient(x, eps, dy) };
  },
  relu(given) {
    const [x, dy] = ["x", "dy"].map(given.dense);
    return { y: reference.relu(x), ...reference.reluGradient(x, dy) };
  },
  leakyRelu(given, { slope }) {
    const [x, dy] = ["x", "dy"].map(given.dense);
    return { y: reference.leakyRelu(x, slope), ...reference.leakyReluGradient(x, slope, dy) };
  },
  tanh(given) {
    const [x, dy] = ["x", "dy"].map(given.dense);
    return { y: reference.tanh(x), ...reference.tanhGradient(x, dy) };
  },
  exp: (given) => elementary(given, reference.exp),
  log: (given) => elementary(given, reference.log),
  silu: (given) => elementary(given, reference.silu),
  gelu: (given, { approximate }) => elementary(given, approximate === "tanh" ? reference.geluTanh : reference.gelu),
  pow: (given, { exponent }) => elementary(given, reference.pow(exponent)),
  clamp: (given, { min, max }) => elementary(given, reference.clamp(min, max)),
  softmax: (given, { axis }) => byDifferences(given, ["x"], (x) => reference.softmax(x, axis)),
  logSoftmax: (given, { axis }) => byDifferences(given, ["x"], (x) => reference.logSoftmax(x, axis)),
  crossEntropy: (given) => byDifferences(given, ["x"], (x) => reference.crossEntropy(x, given.ids("target"))),
  layerNorm(given, { eps }) {
    const { shape } = given.dense("x");
    return normalized(given, shape, [shape.length - 1], shape.slice(-1), eps);
  },
  groupNorm(given, { groups, eps }) {
    const { shape } = given.dense("x");
    return normalized(given, [shape[0], groups, area(shape) / shape[0] / groups], [2], perChannel(shape), eps);
  },
  batchNorm(given, { eps, momentum }) {
    const x = given.dense("x");
    const axes = [...x.shape.keys()].filter((axis) => axis !== 1);
    const moved = (old: string, value: Dense) =>
      reference.add(reference.scale(given.dense(old), 1 - momentum), reference.scale(value, momentum));
    const runningMean = moved("mean", reference.mean(x, axes));
    const runningVar = moved("var", reference.variance(x, axes));
    return { ...normalized(given, x.shape, axes, perChannel(x.shape), eps), runningMean, runningVar };
  },
  maxPool2d: (given, parameters) =>
    byDifferences(given, ["x"], (x) => reference.maxPool2d(x, windows(parameters)), 1e-6),
  avgPool2d: (given, parameters) =>
    byDifferences(given, ["x"], (x) => reference.avgPool2d(x, windows(parameters), parameters.countIncludePad)),
  permute: (given, { axes }) => byDifferences(given, ["x"], (x) => reference.permute(x, axes)),
  cat(given, { axis }) {
    const names = ["a", "b", "c"].filter((name) => given.tensors.has(name));
    return byDifferences(given, names, (...xs) => reference.concat(xs, axis));
  },
  slice: (given, { start, end, axis }) => byDifferences(given, ["x"], (x) => reference.slice(x, start, end, axis)),
  where: (given) => byDifferences(given, ["a", "b"], (a, b) => reference.where(given.dense("cond"), a, b)),
  embedding(given) {
    const { shape } = given.dense("y");
    return byDifferences(given, ["w"], (w) => reference.reshape(reference.indexSelect(w, 0, given.ids("ids")), shape));
  },
  indexSelect: (given, { axis }) =>
    byDifferences(given, ["x"], (x) => reference.indexSelect(x, axis, given.ids("ids"))),
  ganLoss(given, { mode, targetIsReal }) {
    const [x, dy] = ["x", "dy"].map(given.dense);
    return {
      y: ganLoss(x, mode, targetIsReal),
      ...ganLossGradient(x, mode, targetIsReal, dy),
    };
  },
  patchNce(given, { batch, tau, allNegatives }) {
    const [q, k, dy] = ["q", "k", "dy"].map(given.dense);
    const options = { groups: allNegatives ? 1 : batch, tau };
    const losses = reference.patchNce(q, k, options);
    const { dx: dLosses } = reference.meanGradient(losses, [0], false, dy);
    return {
      y: reference.mean(losses),
      ...reference.patchNceGradient(q, k, options, dLosses),
      // Cases of nearly won rows give every row's loss, and no gradient of the keys.
      ...(given.tensors.has("rows") ? { rows: losses } : { dk: zeros(k.shape) }),
    };
  },
  hdce(given, { groups, tau, gamma }) {
    const [q, k, temperature] = [given.dense("q"), given.dense("k"), dense([1], [gamma])];
    const options = { groups, tau, related: 1 };
    const rows = q.shape[0];
    const losses = reference.slice(reference.hdce(q, k, temperature, options), 0, rows);
    const { dx } = reference.meanGradient(losses, [0], false, given.dense("dy"));
    const dLosses = reference.concat([dx, zeros([1])]);
    return { y: reference.mean(losses), ...reference.hdceGradient(q, k, temperature, options, dLosses) };
  },
  src(given, { groups }) {
    const n = given.dense("q").shape[0] / groups;
    const gamma = dense([1], [1]);
    const options = { groups: 1, tau: 1, related: n };
    const dLosses = dense(
      [2 * n],
      Array.from({ length: 2 * n }, (_, i) => (i < n ? 0 : given.dense("dy").data[0])),
    );
    const ofGroups = Array.from({ length: groups }, (_, g) => {
      const [q, k] = ["q", "k"].map((name) => reference.slice(given.dense(name), g * n, (g + 1) * n));
      const divergences = reference.slice(reference.hdce(q, k, gamma, options), n, 2 * n);
      return { y: reference.sum(divergences), ...reference.hdceGradient(q, k, gamma, options, dLosses) };
    });
    return {
      y: ofGroups.map(({ y }) => y).reduce((a, b) => reference.add(a, b)),
      dq: reference.concat(ofGroups.map(({ dq }) => dq)),
    };
  },
  monce(given, { groups, tau, cost, eps, negTermWeight, rounds, planDetached }) {
    const [q, k] = [given.dense("q"), given.dense("k")];
    const options = { groups, tau, cost, eps, negTermWeight, rounds, planDetached };
    const losses = reference.monce(q, k, options);
    const { dx: dLosses } = reference.meanGradient(losses, [0], false, given.dense("dy"));
    return { y: reference.mean(losses), ...reference.monceGradient(q, k, options, dLosses) };
  },
  patchNcePath(given, { batch, tau, allNegatives }) {
    const [fq, fk, w1, b1, w2, b2, dy] = ["fq", "fk", "w1", "b1", "w2", "b2", "dy"].map(given.dense);
    const ids = given.ids("ids");
    const head = (features: Dense) => {
      const rows = reference.gatherPositions(features, ids);
      const hidden = reference.linear(rows, w1, b1);
      const active = reference.relu(hidden);
      const embedded = reference.linear(active, w2, b2);
      return { rows, hidden, active, embedded, unit: reference.l2Normalize(embedded) };
    };
    const query = head(fq);
    const key = head(fk);
    const options = { groups: allNegatives ? 1 : batch, tau };
    const losses = reference.patchNce(query.unit, key.unit, options);

    const { dx: dLosses } = reference.meanGradient(losses, [0], false, dy);
    const { dq } = reference.patchNceGradient(query.unit, key.unit, options, dLosses);
    const { dx: dEmbedded } = reference.l2NormalizeGradient(query.embedded, 1e-7, dq);
    const second = reference.linearGradient(query.active, w2, b2, dEmbedded);
    const { dx: dHidden } = reference.reluGradient(query.hidden, second.dx);
    const first = reference.linearGradient(query.rows, w1, b1, dHidden);
    return {
      y: reference.mean(losses),
      dfq: reference.gatherPositionsGradient(fq, ids, {}, first.dx).dx,
      dfk: zeros(fk.shape),
      dw1: first.dw,
      db1: first.db,
      dw2: second.dw,
      db2: second.db,
    };
  },
  sgd(given, { steps, ...options }) {
    const p0 = given.dense("p0");
    let state = { p: p0, buffer: zeros(p0.shape) };
    const trajectory: Answers = {};
    for (let step = 1; step <= steps; step++) {
      state = reference.sgd(state.p, given.dense(`g${step - 1}`), state.buffer, { ...options, step });
      trajectory[`p${step}`] = state.p;
    }
    return trajectory;
  },
  adamw: (given, parameters) => answers["adam"](given, parameters),
  adam(given, { lr, beta1, beta2, eps, steps, weightDecay }) {
    const decoupled = given.op === "adamw";
    const p0 = given.dense("p0");
    let state = { p: p0, m: zeros(p0.shape), v: zeros(p0.shape) };
    const trajectory: Answers = {};
    for (let step = 1; step <= steps; step++) {
      const gradient = given.dense(`g${step - 1}`);
      state = reference.adam(state.p, gradient, state.m, state.v, {
        lr,
        beta1,
        beta2,
        eps,
        step,
        weightDecay,
        decoupled,
      });
      trajectory[`p${step}`] = state.p;
    }
    return trajectory;
  },
};

const windows = ({ kernel, stride, padding }: OperatorParameters) => {
  const [k, s, p] = [kernel, stride, padding].map((n): [number, number] => [n, n]);
  return { kernel: k, stride: s, padding: p };
};
const area = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);
const perChannel = (shape: readonly number[]) => shape.map((n, axis) => (axis === 1 ? n : 1));

// Second derivatives are the tape's; other patch losses, and SinCUT's blocks, are composed by cut: the reference has
// them not.
const others = [
  "second",
  "r1",
  "gradientPenalty",
  "externalNce",
  "curriculum",
  "cosineDistance",
  "encoPath",
  "equalConv2d",
  "equalLinear",
  "fusedLeakyRelu",
  "blur4",
  "demodConvUp",
  "styledUp",
  "sinBlock",
];
const cases = operatorCases().filter(({ op }) => !others.includes(op));

test("there are golden cases to test", () => {
  assert.ok(cases.length > 0);
});

for (const given of cases) {
  test(`golden ${given.name}`, () => {
    const answer = answers[given.op];
    assert.ok(answer, `the reference has no operator "${given.op}"`);
    const ours = answer(given, given.parameters as unknown as OperatorParameters);
    assert.equal(Object.keys(ours).sort(), [...given.tensors.keys()].filter(isAnswer).sort());
    for (const [short, value] of Object.entries(ours)) {
      const golden = given.dense(short);
      assert.equal(value.shape, golden.shape, `shape of ${short}`);
      const error = relativeError(value.data, golden.data);
      assert.ok(error <= BOUND, `${short} is off by ${error}`);
    }
  });
}

test.run();
