// Gradients of the GPU against central differences of the float64 reference's *forward*, along random directions: the
// reference's own gradients are not asked, so a mistake that both sides share cannot hide. And second derivatives,
// against differences of the reference's gradients: gradients are made of operators, so they can be differentiated
// again.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { grad } from "../../engine/autograd.js";
import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import { Random } from "../../engine/lib/random.js";
import * as reference from "../../engine/reference.js";
import { type Dense, dense } from "../../engine/reference.js";
import { download, messageOf, testGpu, uniform, upload } from "../support/gpu.js";
import { type OperatorCase, wanted } from "./support/case.js";
import { operatorCases } from "./support/cases.js";

const STEP = 1e-5;
const BOUND = 1e-4;

const dot = (a: Dense, b: Dense) => a.data.reduce((sum, value, i) => sum + value * b.data[i], 0);
const along = (x: Dense, v: Dense, step: number) =>
  dense(
    x.shape,
    x.data.map((value, i) => value + step * v.data[i]),
  );

/** Checks gradients of `f` at the inputs, each along a random direction of its own. */
function checkAlong(f: (inputs: readonly Dense[]) => number, inputs: readonly Dense[], ours: readonly Dense[]): void {
  const random = new Random(11);
  ours.forEach((gradient, i) => {
    const v = uniform(random, inputs[i].shape);
    const moved = (step: number) => f(inputs.map((x, j) => (j === i ? along(x, v, step) : x)));
    const expected = (moved(STEP) - moved(-STEP)) / (2 * STEP);
    // The size that a sum of products of random signs has.
    const size = Math.hypot(...gradient.data.map((value, k) => value * v.data[k]));
    const error = Math.abs(dot(gradient, v) - expected);
    const bound = BOUND * size + 1e-7 * (1 + Math.abs(f(inputs)));
    assert.ok(error <= bound, `gradient ${i}: ${dot(gradient, v)} along a direction, by differences ${expected}`);
  });
}

async function downloadAll(tensors: readonly Tensor[]): Promise<Dense[]> {
  const values = await Promise.all(tensors.map(download));
  for (const tensor of tensors) tensor.dispose();
  return values;
}

const tracked = (gpu: Gpu, values: readonly Dense[]) => values.map((x) => upload(gpu, x).requireGrad());

async function firstOrder(gpu: Gpu, given: OperatorCase): Promise<void> {
  const indices = wanted(given);
  const dy = uniform(new Random(5), given.reference(...given.inputs).shape);
  const tensors = gpu.scope(() => {
    const inputs = tracked(gpu, given.inputs);
    return grad(
      given.forward(...inputs),
      indices.map((i) => inputs[i]),
      { dy: upload(gpu, dy) },
    );
  });
  const f = (values: readonly Dense[]) => {
    const inputs = [...given.inputs];
    indices.forEach((index, i) => {
      inputs[index] = values[i];
    });
    return dot(given.reference(...inputs), dy);
  };
  checkAlong(
    f,
    indices.map((i) => given.inputs[i]),
    await downloadAll(tensors),
  );
}

/** h = sum over wanted inputs of <gradient i, v_i>, differentiated by these and by dy. */
function gradientOfGradient(gpu: Gpu, given: OperatorCase, dy: Dense, v: readonly Dense[]): Tensor[] {
  return gpu.scope(() => {
    const inputs = tracked(gpu, given.inputs);
    const cotangent = upload(gpu, dy).requireGrad();
    const differentiated = wanted(given).map((i) => inputs[i]);
    const gradients = grad(given.forward(...inputs), differentiated, { dy: cotangent, createGraph: true });
    const h = gradients.map((g, i) => engine.sum(engine.mul(g, upload(gpu, v[i])))).reduce(engine.add);
    // The gradient of a linear operator does not depend on its input.
    return grad(h, [...differentiated, cotangent], { allowUnused: true });
  });
}

async function secondOrder(gpu: Gpu, given: OperatorCase): Promise<void> {
  const random = new Random(6);
  const dy = uniform(random, given.reference(...given.inputs).shape);
  const indices = wanted(given);
  const differentiated = indices.map((i) => given.inputs[i]);
  const v = differentiated.map((x) => uniform(random, x.shape));
  const h = (values: readonly Dense[]) => {
    const inputs = [...given.inputs];
    indices.forEach((index, i) => {
      inputs[index] = values[i];
    });
    const gradients = given.gradient(values[indices.length], ...inputs);
    return indices.reduce((sum, index, i) => sum + dot(gradients[index] as Dense, v[i]), 0);
  };
  checkAlong(h, [...differentiated, dy], await downloadAll(gradientOfGradient(gpu, given, dy, v)));
}

for (const [operator, { cases }] of operatorCases) {
  if (cases.every((given) => wanted(given).length === 0)) continue;
  test(`gradient of ${operator}`, async () => {
    const gpu = await testGpu("software");
    for (const given of cases) await firstOrder(gpu, given);
  });

  test(`gradient of the gradient of ${operator}`, async () => {
    const gpu = await testGpu("software");
    for (const given of cases) {
      if (given.once) {
        const like = given.inputs;
        const dy = given.reference(...like);
        assert.match(
          messageOf(() => gradientOfGradient(gpu, given, dy, like)),
          /cannot be differentiated/,
        );
      } else {
        await secondOrder(gpu, given);
      }
    }
  });
}

for (const normed of [false, true]) {
  test(`the penalty R1 of a small discriminator${normed ? " with instance norm" : ""}, by its weights`, async () => {
    // Mean over images of |d D(x) / d x|^2 with D = linear(blurDown(leakyRelu(norm(conv2d(x))))).
    const random = new Random(8);
    const x = uniform(random, [2, 3, 6, 5]);
    const weights = [uniform(random, [4, 3, 3, 3]), uniform(random, [1, 4 * 3 * 3])];
    const padding = { padding: 1 };

    const penalty = ([w1, w2]: readonly Dense[]) => {
      const convolved = reference.conv2d(x, w1, undefined, padding);
      const hidden = normed ? reference.instanceNorm(convolved) : convolved;
      const active = reference.leakyRelu(hidden, 0.2);
      const down = reference.blurDown(active);
      const flat = reference.reshape(down, [2, 36]);
      const one = dense([2, 1], [1, 1]);
      const dFlat = reference.linearGradient(flat, w2, undefined, one).dx;
      const dActive = reference.blurDownGradient(active, reference.reshape(dFlat, down.shape)).dx;
      const dHidden = reference.leakyReluGradient(hidden, 0.2, dActive).dx;
      const dConvolved = normed ? reference.instanceNormGradient(convolved, {}, dHidden).dx : dHidden;
      const { dx } = reference.conv2dGradient(x, w1, undefined, padding, dConvolved);
      return dot(dx, dx) / 2;
    };

    const gpu = await testGpu("software");
    const tensors = gpu.scope(() => {
      const [image, w1, w2] = tracked(gpu, [x, ...weights]);
      const hidden = engine.conv2d(image, w1, undefined, padding);
      const down = engine.blurDown(engine.leakyRelu(normed ? engine.instanceNorm(hidden) : hidden, 0.2));
      const judged = engine.sum(engine.linear(engine.reshape(down, [2, 36]), w2));
      const [dx] = grad(judged, [image], { createGraph: true });
      const loss = engine.scale(engine.sum(engine.square(dx)), 1 / 2);
      return [loss, ...grad(loss, [w1, w2])];
    });
    const [loss, ...gradients] = await downloadAll(tensors);
    assert.ok(Math.abs(loss.data[0] / penalty(weights) - 1) < 1e-5);
    checkAlong(penalty, weights, gradients);
  });
}

test.run();
