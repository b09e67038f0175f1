// The golden operator cases against the engine: output and gradients, or parameters for Adam. Composed losses are put
// together here as the method states them (docs/method.md section 3), and the patch path is asked twice: the fused
// operator, and the same in plain operators.
import { ganLoss } from "../../cut/methods/gan-loss.js";
import { cosineDistance, externalNce } from "../../cut/methods/patch-losses.js";
import { type Predictor, type Projection, predict, project } from "../../cut/networks/projections.js";
import * as blocks from "../../cut/networks/single-image-blocks.js";
import { grad } from "../../engine/autograd.js";
import type { Gpu } from "../../engine/core/gpu.js";
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import { isAnswer, isGradient, type OperatorParameters } from "../support/golden-operators.js";
import { type OperatorCase, relativeError } from "../support/goldens.js";
import { download, upload } from "../support/gpu.js";
import type { GoldenCase } from "./runs.js";
import { penalty, secondOrder } from "./second-order.js";

const BOUND = 5e-5;
/** Tensors of cases that are neither inputs nor their gradients. */
const OTHERS = new Set(["y", "dy", "rows", "ids", "runningMean", "runningVar", "ce", "weights", "plan"]);

type Answers = Record<string, Tensor>;
type Forward = (inputs: Record<string, Tensor>, parameters: OperatorParameters, ids: () => Tensor) => Tensor;

const nceOptions = ({ batch, tau, allNegatives }: OperatorParameters) => ({ groups: allNegatives ? 1 : batch, tau });

/** Forward passes by the goldens' operator names; inputs under the goldens' short names. */
const forwards: Record<string, Forward> = {
  conv2d: ({ x, w, b }, parameters) => engine.conv2d(x, w, b, parameters),
  convTranspose2d: ({ x, w, b }, parameters) => engine.convTranspose2d(x, w, b, parameters),
  reflectPad2d: ({ x }, { padding }) => engine.reflectionPad2d(x, padding),
  blurDown: ({ x }) => engine.blurDown(x),
  blurUp: ({ x }) => engine.blurUp(x),
  instanceNorm: ({ x }, { eps }) => engine.instanceNorm(x, { eps }),
  linear: ({ x, w, b }) => engine.linear(x, w, b),
  l2norm: ({ x }, { eps }) => engine.l2Normalize(x, eps),
  relu: ({ x }) => engine.relu(x),
  leakyRelu: ({ x }, { slope }) => engine.leakyRelu(x, slope),
  tanh: ({ x }) => engine.tanh(x),
  softplus: ({ x }) => engine.softplus(x),
  exp: ({ x }) => engine.exp(x),
  log: ({ x }) => engine.log(x),
  silu: ({ x }) => engine.silu(x),
  gelu: ({ x }, { approximate }) => engine.gelu(x, approximate),
  pow: ({ x }, { exponent }) => engine.pow(x, exponent),
  clamp: ({ x }, { min, max }) => engine.clamp(x, min, max),
  softmax: ({ x }, { axis }) => engine.softmax(x, axis),
  logSoftmax: ({ x }, { axis }) => engine.logSoftmax(x, axis),
  crossEntropy: ({ x, target }) => engine.crossEntropy(x, target),
  groupNorm: ({ x, w, b }, { groups, eps }) => engine.groupNorm(x, groups, { weight: w, bias: b, eps }),
  layerNorm: ({ x, w, b }, { eps }) => engine.layerNorm(x, x.shape.slice(-1), { weight: w, bias: b, eps }),
  batchNorm: ({ x, w, b, mean, var: spread }, { training, momentum, eps }) =>
    engine.batchNorm2d(x, { weight: w, bias: b, runningMean: mean, runningVar: spread, training, momentum, eps }),
  maxPool2d: ({ x }, { kernel, stride, padding }) => engine.maxPool2d(x, kernel, { stride, padding }),
  avgPool2d: ({ x }, { kernel, stride, padding, countIncludePad }) =>
    engine.avgPool2d(x, kernel, { stride, padding, countIncludePad }),
  permute: ({ x }, { axes }) => engine.permute(x, axes),
  cat: (inputs, { axis }) => engine.concat(Object.values(inputs), axis),
  slice: ({ x }, { start, end, axis }) => engine.slice(x, start, end, axis),
  where: ({ cond, a, b }) => engine.where(engine.cast(cond, "f32"), a, b),
  embedding: ({ w }, _, ids) => engine.embedding(ids(), w),
  indexSelect: ({ x }, { axis }, ids) => engine.indexSelect(x, axis, ids()),
  ganLoss: ({ x }, { mode, targetIsReal }) => reshape(ganLoss(mode, x, [targetIsReal]), []),
  patchNce: ({ q, k }, parameters) => engine.mean(engine.patchNce(q, k, nceOptions(parameters))),
  hdce: ({ q, k }, { groups, tau, gamma }) => {
    const losses = engine.hdce(q, k, q.gpu.tensor([gamma]), { groups, tau, related: 1 });
    return engine.mean(engine.slice(losses, 0, q.shape[0]));
  },
  src: ({ q, k }, { groups }) => {
    const n = q.shape[0] / groups;
    const ofGroups = Array.from({ length: groups }, (_, g) => {
      const [ofQ, ofK] = [q, k].map((x) => engine.slice(x, g * n, (g + 1) * n));
      const losses = engine.hdce(ofQ, ofK, q.gpu.tensor([1]), { groups: 1, tau: 1, related: n });
      return engine.sum(engine.slice(losses, n, 2 * n));
    });
    return ofGroups.reduce((a, b) => engine.add(a, b));
  },
  monce: ({ q, k }, { groups, tau, cost, eps, negTermWeight, rounds, planDetached }) =>
    engine.mean(engine.monce(q, k, { groups, tau, cost, eps, negTermWeight, rounds, planDetached })),
  cosineDistance: ({ p, k }) => cosineDistance(p, k),
  encoPath: ({ dec, enc, ...weights }) => {
    const given = weights as unknown as Projection & Predictor;
    return cosineDistance(predict(project(dec, given), given), project(enc, given));
  },
  equalConv2d: ({ x, w }, { stride, padding }) => blocks.equalConv2d(x, w, { stride, padding }),
  equalLinear: ({ x, w, b }, { activate }) => blocks.equalLinear(x, w, b, activate),
  fusedLeakyRelu: ({ x, b }) => blocks.fusedLeakyRelu(x, b),
  blur4: ({ x }, { before, after, gain }) => blocks.blur4(x, [before, after], gain),
  demodConvUp: ({ x, w }) => blocks.demodConvUp(x, w),
  styledUp: ({ x, ...rest }) => blocks.styledUp(x, rest as unknown as blocks.StyledUp),
  sinBlock: ({ x, ...rest }, { down }) => blocks.residualBlock(x, rest as unknown as blocks.Block, down),
  externalNce({ q, k, bank }, { groups, tau, internal }) {
    const bankMask = engine.zeros(q.gpu, [1, 1, bank.shape[0]]);
    const keys = { bank, bankMask, ownMask: q.gpu.tensor([internal ? 0 : -1e4]) };
    return engine.mean(externalNce(q, k, keys, { groups, tau }));
  },
  patchNcePath({ fq, fk, ...head }, parameters, ids) {
    const k = engine.patchKeys(fk, ids(), head as unknown as engine.Head);
    return engine.mean(engine.fusedPatchNce(fq, ids(), head as unknown as engine.Head, k, nceOptions(parameters)));
  },
};

/** The patch path without its fused operators. */
const composedPath: Forward = ({ fq, fk, w1, b1, w2, b2 }, parameters, ids) => {
  const embed = (features: Tensor) => {
    const hidden = engine.relu(engine.linear(engine.gatherPositions(features, ids()), w1, b1));
    return engine.l2Normalize(engine.linear(hidden, w2, b2));
  };
  return engine.mean(engine.patchNce(embed(fq), embed(fk).detach(), nceOptions(parameters)));
};

/** The output y, and under "d" and its name the gradient of every input. */
function differentiate(gpu: Gpu, given: OperatorCase, forward: Forward): Answers {
  const names = [...given.tensors.keys()].filter((name) => !isGradient(name) && !OTHERS.has(name));
  const integers = (name: string) => given.tensors.get(name)?.data instanceof Int32Array;
  const whole = (name: string) => gpu.tensor(given.ids(name), given.tensors.get(name)?.shape);
  const inputs = Object.fromEntries(
    names.map((name) => [name, integers(name) ? whole(name) : upload(gpu, given.dense(name)).requireGrad()]),
  );
  const parameters = given.parameters as unknown as OperatorParameters;
  const y = forward(inputs, parameters, () => whole("ids"));
  const rows = given.tensors.has("rows") && engine.patchNce(inputs["q"], inputs["k"], nceOptions(parameters));
  // The keys of PatchNCE get none.
  const gradients = grad(y, Object.values(inputs), { dy: upload(gpu, given.dense("dy")), allowUnused: true });
  const answers: Answers = rows ? { y, rows } : { y };
  if (given.op === "batchNorm") Object.assign(answers, { runningMean: inputs["mean"], runningVar: inputs["var"] });
  names.forEach((name, i) => {
    answers[`d${name}`] = gradients[i];
  });
  return answers;
}

const optimizers: { readonly [op: string]: typeof engine.Adam | typeof engine.AdamW | typeof engine.SGD } = {
  adam: engine.Adam,
  adamw: engine.AdamW,
  sgd: engine.SGD,
};

/** Parameters after each update. */
function updated(gpu: Gpu, given: OperatorCase): Answers {
  const { lr, steps, ...options } = given.parameters as unknown as OperatorParameters;
  const p = upload(gpu, given.dense("p0"));
  const optimizer = new optimizers[given.op](gpu, new Map([["p", p]]), options);
  const trajectory: Answers = {};
  for (let step = 1; step <= steps; step++) {
    optimizer.advance(lr);
    optimizer.update([upload(gpu, given.dense(`g${step - 1}`))]);
    trajectory[`p${step}`] = engine.scale(p, 1);
  }
  optimizer.dispose();
  return trajectory;
}

function answer(gpu: Gpu, given: OperatorCase): Answers {
  const parameters = given.parameters as unknown as OperatorParameters;
  if (given.op in optimizers) return updated(gpu, given);
  if (given.op === "r1" || given.op === "gradientPenalty") return penalty(gpu, given);
  // Numbers alone: test/cut/methods/patch-losses.test.ts.
  if (given.op === "curriculum") return {};
  const { op, ...of } = given.op === "second" ? parameters.of : { ...parameters, op: given.op };
  const forward = forwards[op];
  if (!forward) throw new Error(`nothing answers "${op}" of ${given.name}: add its call to test/goldens/operators.ts`);
  if (given.op !== "second") return differentiate(gpu, given, forward);
  return secondOrder(gpu, given, (inputs) =>
    forward(inputs, of as OperatorParameters, () => gpu.tensor(given.ids("ids"))),
  );
}

/** The length of the case's largest gradient, which a gradient that should be zero is measured by. */
function largestGradient(given: OperatorCase): number {
  const gradients = [...given.tensors.keys()].filter(isGradient);
  return Math.max(...gradients.map((short) => Math.hypot(...given.dense(short).data)));
}

/** Every answer of one operator case with its error; the patch path both fused and composed. */
export async function operatorAnswers(gpu: Gpu, given: OperatorCase): Promise<GoldenCase[]> {
  const ways: [string, () => Answers][] = [["", () => answer(gpu, given)]];
  if (given.op === "patchNcePath") ways.push([" composed", () => differentiate(gpu, given, composedPath)]);
  const cases: GoldenCase[] = [];
  for (const [note, work] of ways) {
    const ours = gpu.scope(work);
    for (const short of [...given.tensors.keys()].filter(isAnswer)) {
      const answer = ours[short];
      const { data } = answer ? await download(answer) : { data: [Number.NaN] };
      const zero = (given.parameters as unknown as OperatorParameters).zero_gradients?.includes(short);
      const error = zero ? Math.hypot(...data) / largestGradient(given) : relativeError(data, given.dense(short).data);
      cases.push({ name: `${given.name}${note} ${short}`, error, bound: BOUND });
    }
    for (const tensor of Object.values(ours)) tensor.dispose();
  }
  return cases;
}
