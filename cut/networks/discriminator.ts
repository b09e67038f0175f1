// The PatchGAN discriminators (docs/method.md section 2.3). Their output is a map of unbounded scores (logits), one
// per patch, without a sigmoid. discriminator-layout.ts lists their modules; here is what they compute.

import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { conv2d } from "../../engine/operators/convolution/index.js";
import { instanceNorm } from "../../engine/operators/instance-norm/index.js";
import { leakyRelu } from "../../engine/operators/pointwise/index.js";
import { blurDown } from "../../engine/operators/resample/index.js";
import {
  type DiscriminatorArchitecture,
  type DiscriminatorModule,
  discriminatorLayout,
  discriminatorShapes,
} from "./discriminator-layout.js";
import { type Module, makeParameters, type Parameters, runModules } from "./network.js";

const SLOPE = 0.2;

function runOf({ kind, weight, bias, stride, padding }: DiscriminatorModule): Module["run"] {
  switch (kind) {
    case "convolution":
      return (x, p) => conv2d(x, p.get(weight) as Tensor, p.get(bias), { stride, padding });
    case "activation":
      return (x) => leakyRelu(x, SLOPE);
    case "norm":
      return (x) => instanceNorm(x, { activation: "leakyRelu", slope: SLOPE });
    case "identity":
      return (x) => x;
    case "blurDown":
      return blurDown;
  }
}

export class Discriminator {
  readonly parameters: Parameters;
  readonly #modules: readonly Module[];

  constructor(gpu: Gpu, architecture: DiscriminatorArchitecture) {
    this.#modules = discriminatorLayout(architecture).map((layout) => {
      const { index, endsStage } = layout;
      return { index, endsStage, run: runOf(layout) };
    });
    this.parameters = makeParameters(gpu, discriminatorShapes(architecture));
  }

  /** Images [N, input_nc, H, W] -> scores [N, 1, h, w]. */
  score(x: Tensor, parameters: Parameters = this.parameters): Tensor {
    return runModules(this.#modules, x, parameters, "D.model.").output;
  }
}
