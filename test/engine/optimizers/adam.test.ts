// Adam against the same steps in float64, eagerly and recorded, on both kernel profiles.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gpu } from "../../../engine/core/gpu.js";
import {
  Adam,
  AveragedParameters,
  add,
  grad,
  LossScaler,
  mul,
  planningGpu,
  record,
  SGD,
  square,
  sum,
  type Tensor,
} from "../../../engine/index.js";
import { Random } from "../../../engine/lib/random.js";
import { adam as referenceStep } from "../../../engine/optimizers/reference.js";
import { dense, zeros } from "../../../engine/reference.js";
import { type AdamCase, adamCases } from "../../operators/optimizers.js";
import { assertClose, download, messageOf, ownGpu, profiles, testGpu, uniform, upload } from "../../support/gpu.js";

/** Parameters, m and v after each step, by the reference. */
function expectedSteps({ parameters, gradients, options, learningRates }: AdamCase) {
  let state = parameters.map((p) => ({ p, m: zeros(p.shape), v: zeros(p.shape) }));
  return learningRates.map((lr, i) => {
    state = state.map(({ p, m, v }, k) => referenceStep(p, gradients[i][k], m, v, { ...options, lr, step: i + 1 }));
    return state;
  });
}

for (const profile of profiles) {
  for (const given of adamCases) {
    for (const recorded of [false, true]) {
      test(`${given.title}, ${recorded ? "recorded" : "eager"} (${profile})`, async () => {
        const { parameters: start, gradients, options, learningRates, bound, momentBound } = given;
        const gpu = await testGpu(profile);
        const expected = expectedSteps(given);
        const parameters = new Map(start.map((p, i) => [`p${i}`, upload(gpu, p)]));
        const adam = new Adam(gpu, parameters, options);
        const inputs = start.map(({ shape }) => gpu.persistent(shape));
        const program = recorded ? (await record(gpu, () => adam.update(inputs))).program : null;
        for (const [i, lr] of learningRates.entries()) {
          for (const [k, input] of inputs.entries()) input.write(Float32Array.from(gradients[i][k].data));
          adam.advance(lr);
          if (program) program.replay();
          else adam.update(inputs);
          for (const [k, { p, m, v }] of expected[i].entries()) {
            assertClose(await download(parameters.get(`p${k}`)!), p, bound, `p${k} of step ${i}`);
            assertClose(await download(adam.m.get(`p${k}`)!), m, momentBound, `m${k} of step ${i}`);
            assertClose(await download(adam.v.get(`p${k}`)!), v, momentBound, `v${k} of step ${i}`);
          }
        }
        assert.is(adam.step, learningRates.length);
        program?.dispose();
        adam.dispose();
        for (const tensor of [...parameters.values(), ...inputs]) tensor.dispose();
      });
    }
  }
}

test("an array of parameters is named by their places", async () => {
  const gpu = await testGpu("software");
  const parameters = [gpu.tensor([1]), gpu.tensor([2])];
  const adam = new Adam(gpu, parameters);
  assert.equal([...adam.parameters.keys()], ["0", "1"]);
  adam.advance(0.5);
  adam.update([gpu.tensor([1]), gpu.tensor([-1])]);
  for (const [i, expected] of [0.5, 2.5].entries()) assert.ok(Math.abs((await parameters[i].item()) - expected) < 1e-4);
  adam.dispose();
});

test("what is no set of parameters, no rate or no gradient of theirs is refused, and nothing is changed", async () => {
  const gpu = await testGpu("software");
  const weight = gpu.tensor([1, 1, 1, 1]);
  const integers = gpu.tensor(Int32Array.of(1));
  for (const parameters of [{ weight }, weight, [1], new Map([["weight", 1]]), undefined, [integers]]) {
    assert.match(
      messageOf(() => new Adam(gpu, parameters as never)),
      /^ArgumentError: Adam: the parameters are no tensors of floats of this engine Give an array of tensors, or/,
    );
  }
  const adam = new Adam(gpu, [weight]);
  for (const rate of [undefined, Number.NaN, -1, Number.POSITIVE_INFINITY, "0.1"]) {
    assert.match(
      messageOf(() => adam.advance(rate as never)),
      /^ArgumentError: advance: the learning rate cannot be/,
    );
  }
  assert.is(adam.step, 0);
  assert.match(
    messageOf(() => adam.update([weight])),
    /^ArgumentError: Adam: no learning rate yet Call advance\(learningRate\) before update\(\)\.$/,
  );
  adam.advance(0);
  adam.advance(0.1);
  const foreign = planningGpu({ profile: "gpu", subgroupSize: 0 }).empty([4]);
  for (const [gradients, says] of [
    [[gpu.tensor(Int32Array.of(1, 1, 1, 1))], /ShapeError: Adam: the gradient \[4\] of i32 does not fit the parameter/],
    [[weight.grad as never], /ArgumentError: Adam: the gradient of the parameter 0 cannot be null It must be a tensor/],
    [[foreign], /ShapeError: adam: the binding g has no tensor of this device/],
    [[gpu.tensor([1])], /ShapeError: Adam: the gradient \[1\] does not fit the parameter 0 \[4\]/],
    [[], /ShapeError: Adam: 0 gradients for 1 parameters/],
    [[weight, weight], /ShapeError: Adam: 2 gradients for 1 parameters/],
  ] as const) {
    assert.match(
      messageOf(() => adam.update(gradients)),
      says,
    );
  }
  assert.equal([...(await weight.read())], [1, 1, 1, 1]);
  adam.dispose();
});

test("where an optimizer or averages cannot be made, nothing is left on the GPU", () => {
  const gpu = planningGpu({ profile: "gpu", subgroupSize: 0, precision: "f16" }, 1024);
  const [weight, wide, gone] = [gpu.empty([4]), gpu.empty([512], "f16"), gpu.empty([4])];
  gone.dispose();
  const scaler = new LossScaler(gpu);
  for (let i = 0; i < 16; i++) new Adam(gpu, [weight], {}, scaler);
  const { liveBuffers } = gpu.memory();
  for (const [make, says] of [
    [() => new Adam(gpu, [weight], {}, scaler), /a LossScaler has 16 optimizers at most/],
    [() => new SGD(gpu, [wide]), /LimitError/],
    [() => new AveragedParameters(gpu, new Map([["gone", gone]]), 0.5), /DisposedError/],
    [
      () =>
        new AveragedParameters(
          gpu,
          new Map([
            ["weight", weight.alias([4])],
            ["gone", gone],
          ]),
          0.5,
        ),
      /DisposedError/,
    ],
  ] as const) {
    assert.match(messageOf(make), says);
    assert.is(gpu.memory().liveBuffers, liveBuffers);
  }
});

const shapes = [[13], [3, 5, 7], [1], [64], [130]];

/** Parameters in one flat buffer or each in its own, with the same content, and what multiplies them in the loss. */
function makeParameters(gpu: Gpu, flat: boolean) {
  const random = new Random(5);
  const tensors = flat ? gpu.persistentFlat(shapes) : shapes.map((shape) => gpu.persistent(shape));
  const factors = shapes.map((shape) => upload(gpu, uniform(random, shape)));
  for (const tensor of tensors) {
    tensor.requireGrad().write(Float32Array.from(uniform(random, tensor.shape).data));
  }
  const gradients = (of: readonly Tensor[] = tensors) => {
    const loss = tensors.map((tensor, i) => sum(square(mul(tensor, factors[i])))).reduce((a, b) => add(a, b));
    return grad(loss, of);
  };
  const dispose = () => {
    for (const tensor of [...tensors, ...factors]) tensor.dispose();
  };
  return { tensors, gradients, dispose };
}

const named = (tensors: readonly Tensor[]) => new Map(tensors.map((tensor, i) => [`p${i}`, tensor]));
const bitsOf = async (tensors: Iterable<Tensor>) =>
  Promise.all([...tensors].map(async (tensor) => [...new Uint32Array((await tensor.read()).buffer)]));

for (const profile of profiles) {
  test(`flat parameters, or gathered ones, are updated by one dispatch, to the same bits (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const train = async (layout: "own" | "bound" | "flat", recorded: boolean) => {
      const { tensors, gradients, dispose } = makeParameters(gpu, layout === "flat");
      // A recorded program keeps what it has bound where it is.
      const before = layout === "bound" ? await record(gpu, () => tensors.map(square)) : null;
      const adam = new Adam(gpu, named(tensors), { beta1: 0.5 });
      const work = () => {
        const all = gradients();
        adam.update(all);
        return all;
      };
      const made = recorded ? await record(gpu, work) : null;
      for (const rate of [0.1, 0.03, 0.01]) {
        adam.advance(rate);
        if (made) made.program.replay();
        else gpu.scope(work);
      }
      const outcome = await bitsOf([...tensors, ...adam.m.values(), ...adam.v.values()]);
      const last = made ? await bitsOf(made.result) : null;
      const updates = made?.program.kernels().filter((kernel) => kernel.startsWith("adam")).length;
      if (before) {
        before.program.replay();
        const squares = await Promise.all(before.result.map(async (y) => [...(await y.read())]));
        const now = await Promise.all(tensors.map(async (p) => [...(await p.read())].map((v) => Math.fround(v * v))));
        assert.equal(squares, now, "what was recorded before sees the updates");
        before.program.dispose();
      }
      made?.program.dispose();
      adam.dispose();
      dispose();
      return { outcome, last, updates };
    };
    const separate = await train("bound", true);
    const [flat, own] = [await train("flat", true), await train("own", true)];
    assert.equal([separate.updates, flat.updates, own.updates], [shapes.length, 1, 1]);
    for (const { outcome, last } of [flat, own]) {
      assert.equal(outcome, separate.outcome);
      assert.equal(last, separate.last, "the gradients can be read");
    }
    for (const layout of ["flat", "own"] as const)
      assert.equal((await train(layout, false)).outcome, separate.outcome, "eager");
  });
}

test("of parameters in a flat buffer some can be trained alone", async () => {
  const gpu = await testGpu("software");
  const { tensors, gradients, dispose } = makeParameters(gpu, true);
  const start = await bitsOf(tensors);
  const chosen = tensors.slice(0, 2);
  const adam = new Adam(gpu, named(chosen));
  const { program } = await record(gpu, () => adam.update(gradients(chosen)));
  assert.is(program.kernels().filter((kernel) => kernel.startsWith("adam")).length, 2);
  adam.advance(0.1);
  program.replay();
  const now = await bitsOf(tensors);
  assert.equal(
    now.map((bits, i) => bits.join() === start[i].join()),
    [false, false, true, true, true],
  );
  program.dispose();
  adam.dispose();
  dispose();
});

test("gradients of which one is made from another are no obstacle", async () => {
  const gpu = await testGpu("software");
  const tensors = gpu.persistentFlat([[2], [2]]);
  for (const tensor of tensors) tensor.write(Float32Array.of(1, 2));
  const adam = new Adam(gpu, named(tensors));
  // One dispatch reads the first and writes the second, which WebGPU refuses where both are in one buffer.
  const { program } = await record(gpu, () => {
    const first = square(tensors[0]);
    adam.update([first, square(first)]);
  });
  adam.advance(0.5);
  program.replay();
  for (const tensor of tensors)
    assertClose(await download(tensor), dense([2], Float64Array.of(0.5, 1.5)), 1e-5, "a step of 0.5");
  program.dispose();
  adam.dispose();
  for (const tensor of tensors) tensor.dispose();
});

test("parameters that a recording under way binds stay where they are", async () => {
  const gpu = await testGpu("software");
  const [first, second] = [gpu.tensor([1, 2]), gpu.tensor([0, 0])];
  const recording = record(gpu, () => second.copyFrom(first));
  const adam = new Adam(gpu, [first, second]);
  const { program } = await recording;
  program.replay();
  assert.equal([...(await second.read())], [1, 2]);
  program.dispose();
  adam.dispose();
});

test("a part of a gathered parameter frees nothing that others hold", async () => {
  const gpu = await ownGpu();
  const [first, second] = [gpu.tensor(new Float32Array(128).fill(3)), gpu.tensor([0, 0])];
  const part = first.part(64, [64]) as Tensor;
  const adam = new Adam(gpu, [first, second]);
  part.dispose();
  second.dispose();
  assert.is((await first.read())[0], 3);
  first.dispose();
  adam.dispose();
  assert.is(gpu.memory().liveBuffers, 0);
  gpu.dispose();
});

test("a disposed parameter whose memory an alias holds leaves everything where it is", async () => {
  const gpu = await ownGpu();
  const [first, second, third] = [1, 2, 3].map((value) => gpu.tensor([value]));
  const alias = third.alias([1]);
  third.dispose();
  new Adam(gpu, [first, second, third]).dispose();
  for (const [i, tensor] of [first, second, alias].entries()) {
    assert.is(await tensor.item(), i + 1);
    tensor.dispose();
  }
  assert.is(gpu.memory().liveBuffers, 0);
  gpu.dispose();
});

test("disposing gives back the moments, and leaves the parameters", async () => {
  const gpu = await ownGpu();
  const weight = gpu.tensor([1, 2]);
  const adam = new Adam(gpu, new Map([["weight", weight]]));
  assert.is(gpu.memory().liveBuffers, 4);
  adam.dispose();
  assert.is(gpu.memory().liveBuffers, 1);
  assert.equal([...(await weight.read())], [1, 2]);
  gpu.dispose();
});

test.run();
