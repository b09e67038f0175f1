// A training that goes on from saved tensors and the number of updates takes the same steps, to the bit; and one whose
// program is replayed before it has a learning rate does not move.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gpu } from "../../../engine/core/gpu.js";
import {
  Adam,
  AdamW,
  LossScaler,
  loadParameters,
  type Optimizer,
  record,
  SGD,
  saveParameters,
  type Tensor,
} from "../../../engine/index.js";
import { messageOf, testGpu } from "../../support/gpu.js";

type Maker = (gpu: Gpu, weight: Tensor) => { optimizer: Optimizer; states: ReadonlyMap<string, Tensor>[] };

const ofAdam = (optimizer: Adam) => ({ optimizer, states: [optimizer.m, optimizer.v] });
const makers: { [name: string]: Maker } = {
  Adam: (gpu, weight) => ofAdam(new Adam(gpu, [weight])),
  "Adam with a scaler": (gpu, weight) => ofAdam(new Adam(gpu, [weight], {}, new LossScaler(gpu))),
  AdamW: (gpu, weight) => ofAdam(new AdamW(gpu, [weight])),
  "SGD with momentum and dampening": (gpu, weight) => {
    const optimizer = new SGD(gpu, [weight], { momentum: 0.9, dampening: 0.5 });
    return { optimizer, states: [optimizer.buffers] };
  },
};

for (const [name, make] of Object.entries(makers)) {
  test(`${name} leaves the weights where a program is replayed before advance()`, async () => {
    const gpu = await testGpu("software");
    // What the optimizer's buffers held before must not matter.
    for (const tensor of Array.from({ length: 6 }, () => gpu.tensor([3, 3, 3, 3]))) tensor.dispose();
    const weight = gpu.tensor([1, -2, 3]);
    const { optimizer } = make(gpu, weight);
    const gradient = gpu.tensor([1, 1, 1]);
    const { program } = await record(gpu, () => optimizer.update([gradient]));
    program.replay();
    assert.equal([...(await weight.read())], [1, -2, 3]);
    for (const each of [program, optimizer, gradient, weight]) each.dispose();
  });

  test(`${name} goes on from what was saved`, async () => {
    const gpu = await testGpu("software");
    const training = () => {
      const weight = gpu.tensor([1, -2, 3]);
      const { optimizer, states } = make(gpu, weight);
      const tensors = new Map([["weight", weight], ...states.map((state, i) => [`${i}`, state.get("0")!] as const)]);
      const step = (i: number) => {
        optimizer.advance(0.1);
        gpu.scope(() => optimizer.update([gpu.tensor([Math.sin(i), Math.cos(i), i % 2])]));
      };
      return { optimizer, tensors, step };
    };
    const [whole, resumed] = [training(), training()];
    for (let i = 0; i < 3; i++) whole.step(i);
    loadParameters(await saveParameters(whole.tensors), resumed.tensors);
    resumed.optimizer.resumeAt(await whole.optimizer.updates());
    for (let i = 3; i < 6; i++) for (const { step } of [whole, resumed]) step(i);
    assert.is(await resumed.optimizer.updates(), 6);
    for (const [key, tensor] of whole.tensors)
      assert.equal(await resumed.tensors.get(key)?.read(), await tensor.read(), key);
    for (const { optimizer, tensors } of [whole, resumed]) {
      optimizer.dispose();
      tensors.get("weight")?.dispose();
    }
  });
}

test("a number of updates that is none is refused", async () => {
  const gpu = await testGpu("software");
  for (const make of Object.values(makers)) {
    const weight = gpu.tensor([1]);
    const { optimizer } = make(gpu, weight);
    for (const updates of [-1, 0.5, Number.NaN])
      assert.match(
        messageOf(() => optimizer.resumeAt(updates)),
        /resumeAt: the number of updates cannot be/,
      );
    optimizer.dispose();
    weight.dispose();
  }
});

test.run();
