// A network small enough to train hundreds of steps in a test, with the operators of the real one: convolution,
// instance norm with ReLU, PatchNCE through a head, Adam.
import { grad } from "../../../engine/autograd.js";
import type { Gpu } from "../../../engine/core/gpu.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import * as engine from "../../../engine/index.js";
import { Random } from "../../../engine/lib/random.js";
import { positions, uniform, unitRows, upload } from "../../support/gpu.js";

export interface SmallNet {
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly adam: engine.Adam;
  readonly input: Tensor;
  readonly ids: Tensor;
  /** One loss from the input as it is. */
  loss(): Tensor;
  /** Loss, gradients and update; call adam.advance() before. Returns the loss. */
  step(): Tensor;
  dispose(): void;
}

export function smallNet(gpu: Gpu): SmallNet {
  const random = new Random(3);
  const parameter = (...shape: number[]) => upload(gpu, uniform(random, shape, -0.3, 0.3)).requireGrad();
  const parameters = new Map([
    ["conv.weight", parameter(5, 3, 3, 3)],
    ["conv.bias", parameter(5)],
    ["w1", parameter(8, 5)],
    ["b1", parameter(8)],
    ["w2", parameter(8, 8)],
    ["b2", parameter(8)],
  ]);
  const [weight, bias, w1, b1, w2, b2] = parameters.values();
  const input = upload(gpu, uniform(random, [2, 3, 7, 6]));
  const ids = gpu.tensor(positions(random, 9, 42));
  const keys = upload(gpu, unitRows(random, 18, 8));
  const adam = new engine.Adam(gpu, parameters, { beta1: 0.5 });

  const loss = () => {
    const features = engine.conv2d(input, weight, bias, { padding: 1 });
    const active = engine.instanceNorm(features, { activation: "relu" });
    const nce = engine.fusedPatchNce(active, ids, { w1, b1, w2, b2 }, keys, { groups: 2, tau: 0.2 });
    return engine.add(engine.mean(nce), engine.scale(engine.mseLoss(engine.tanh(active), 0.5), 0.1));
  };
  return {
    parameters,
    adam,
    input,
    ids,
    loss,
    step() {
      const value = loss();
      adam.update(grad(value, [...parameters.values()]));
      return value;
    },
    dispose() {
      adam.dispose();
      for (const tensor of [...parameters.values(), input, ids, keys]) tensor.dispose();
    },
  };
}
