// Golden second derivatives: the gradient of an operator's gradient, and the penalties on a critic's gradient that
// train it, R1 (https://arxiv.org/abs/1801.04406) and WGAN-GP's (https://arxiv.org/abs/1704.00028).
import { SingleImageDiscriminator } from "../../cut/networks/single-image-discriminator.js";
import { grad } from "../../engine/autograd.js";
import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import type { CriticLayer, OperatorParameters } from "../support/golden-operators.js";
import type { OperatorCase } from "../support/goldens.js";
import { upload } from "../support/gpu.js";

type Inputs = Record<string, Tensor>;

/** Inputs of a case, tracked but for its constants: tensors that are no answers. */
function inputsOf(gpu: Gpu, given: OperatorCase, isInput: (name: string) => boolean): Inputs {
  const { constants } = given.parameters as unknown as OperatorParameters;
  const names = [...given.tensors.keys()].filter(isInput);
  return Object.fromEntries(
    names.map((name) => {
      const tensor = upload(gpu, given.dense(name));
      return [name, constants?.includes(name) ? tensor : tensor.requireGrad()];
    }),
  );
}

function gradientsOf(y: Tensor, inputs: Inputs, dy?: Tensor): Inputs {
  const names = Object.keys(inputs).filter((name) => inputs[name].requiresGrad);
  const gradients = grad(
    y,
    names.map((name) => inputs[name]),
    { dy, allowUnused: true },
  );
  return Object.fromEntries(names.map((name, i) => [`d${name}`, gradients[i]]));
}

/** y, its gradient g by the input `wrt`, z = sum(g v), and z's gradients by the inputs and by the cotangent of y. */
export function secondOrder(gpu: Gpu, given: OperatorCase, forward: (inputs: Inputs) => Tensor): Inputs {
  const { wrt } = given.parameters as unknown as OperatorParameters;
  const inputs = inputsOf(gpu, given, (name) => name === "dy" || !/^([gyz]|d.+)$/.test(name));
  const y = forward(inputs);
  const [g] = grad(y, [inputs[wrt]], { dy: inputs["dy"], createGraph: true });
  const z = engine.sum(engine.mul(g, inputs["v"]));
  return { y, g, z, ...gradientsOf(z, inputs) };
}

function critic(x: Tensor, layers: readonly CriticLayer[], parameters: Inputs): Tensor {
  return layers.reduce((h, layer) => {
    if (layer === "instanceNorm") return engine.instanceNorm(h);
    if (layer === "leakyRelu") return engine.leakyRelu(h);
    if (layer === "blurDown") return engine.blurDown(h);
    const [, i, padding] = layer;
    return engine.conv2d(h, parameters[`w${i}`], parameters[`b${i}`], { padding });
  }, x);
}

/** SinCUT's discriminator with a case's parameters. */
function sinCutDiscriminator(
  x: Tensor,
  channels: readonly number[],
  keys: Readonly<Record<string, string>>,
  inputs: Inputs,
) {
  const D = new SingleImageDiscriminator(x.gpu, x.shape[1], channels);
  // Its own parameters are not used.
  for (const parameter of D.parameters.values()) parameter.dispose();
  return D.score(x, new Map(Object.entries(keys).map(([name, key]) => [key, inputs[name]])));
}

/** A penalty and its gradients. Images do not meet in a critic, so one gradient holds those of all images. */
export function penalty(gpu: Gpu, given: OperatorCase): Inputs {
  const { op, parameters } = given;
  const { layers, reduce, weight, target, channels, keys } = parameters as unknown as OperatorParameters;
  const inputs = inputsOf(gpu, given, (name) => !/^(y|d.+)$/.test(name));
  const { x, real, fake, alpha } = inputs;
  const at =
    x ??
    engine
      .add(engine.mul(engine.expand(alpha, real.shape), engine.sub(real, fake)), fake)
      .detach()
      .requireGrad();
  const outputs = channels && keys ? sinCutDiscriminator(at, channels, keys, inputs) : critic(at, layers, inputs);
  const images = at.shape[0];
  const total = engine.scale(engine.sum(outputs), reduce === "mean" ? images / outputs.size : 1);
  const [g] = grad(total, [at], { createGraph: true });
  const squares = engine.sum(engine.square(g), [1, 2, 3]);
  const y =
    op === "r1"
      ? engine.scale(engine.mean(squares), weight / 2)
      : engine.scale(engine.mean(engine.square(engine.sub(engine.sqrt(squares), target))), weight);
  return { y, ...gradientsOf(y, inputs, upload(gpu, given.dense("dy"))) };
}
