// SGD after three steps, as PyTorch's does them:
// python3 -c "import torch
// for o in (dict(dampening=0.5), dict(momentum=0.5, dampening=0.5),
//           dict(momentum=0.5, nesterov=True, weight_decay=0.5)):
//     p = torch.tensor([1.0, -2.0]); s = torch.optim.SGD([p], lr=0.25, **o)
//     for g in (1, 2, -1): p.grad = torch.tensor([g, 2.0 * g]); s.step()
//     print(o, p.tolist())"
import { test } from "uvu";
import * as assert from "uvu/assert";
import { record, SGD } from "../../../engine/index.js";
import { profiles, testGpu } from "../../support/gpu.js";

const runs = [
  { options: { dampening: 0.5 }, expected: [0.5, -3] },
  { options: { momentum: 0.5, dampening: 0.5 }, expected: [0.3125, -3.375] },
  { options: { momentum: 0.5, nesterov: true, weightDecay: 0.5 }, expected: [-0.207275390625, -2.29443359375] },
];

for (const profile of profiles) {
  for (const { options, expected } of runs) {
    test(`SGD with ${JSON.stringify(options)} on ${profile}`, async () => {
      const gpu = await testGpu(profile);
      const weight = gpu.tensor([1, -2]);
      const sgd = new SGD(gpu, [weight], options);
      for (const g of [1, 2, -1]) {
        sgd.advance(0.25);
        sgd.update([gpu.tensor([g, 2 * g])]);
      }
      assert.equal([...(await weight.read())], expected);
      sgd.dispose();
      weight.dispose();
    });
  }

  test(`a gradient in its parameter's buffer, and a parameter as its own, eager and recorded, ${profile}`, async () => {
    const gpu = await testGpu(profile);
    const [weight, gradient] = gpu.persistentFlat([[2], [2]]);
    weight.write([4, 8]);
    gradient.write([1, -1]);
    const sgd = new SGD(gpu, [weight]);
    sgd.advance(0.5);
    sgd.update([gradient]);
    assert.equal([...(await weight.read())], [3.5, 8.5]);
    const { program } = await record(gpu, () => sgd.update([weight]));
    program.replay();
    assert.equal([...(await weight.read())], [1.75, 4.25]);
    program.dispose();
    sgd.dispose();
    for (const tensor of [weight, gradient]) tensor.dispose();
  });
}

test.run();
