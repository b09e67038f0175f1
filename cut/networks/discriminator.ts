// The PatchGAN discriminators (cut.md section 2.3): `basic` (three levels), `n_layers`, and `pixel`. They answer with a map of
// unbounded scores, one for each patch; there is no sigmoid. Keys are the published ones.

import type { Shape, Tensor } from "../../engine/core/tensor.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { conv2d } from "../../engine/operators/convolution/index.js";
import { instanceNorm } from "../../engine/operators/instance-norm/index.js";
import { leakyRelu } from "../../engine/operators/pointwise/index.js";
import { blurDown } from "../../engine/operators/resample/index.js";
import { type Module, makeParameters, type ParameterShapes, type Parameters, runModules } from "./network.js";

export interface DiscriminatorArchitecture {
  /** Channels of the pictures it judges. */
  input_nc: number;
  ndf: number;
  netD: "basic" | "n_layers" | "pixel";
  n_layers_D: number;
  no_antialias: boolean;
}

const SLOPE = 0.2;

function plan({ input_nc, ndf, netD, n_layers_D, no_antialias }: DiscriminatorArchitecture) {
  const modules: Module[] = [];
  const shapes = new Map<string, Shape>();
  const root = netD === "pixel" ? "net" : "model";
  const push = (run: Module["run"]) => modules.push({ index: modules.length, run });
  const convolution = (cin: number, cout: number, kernel: number, stride: number) => {
    const [weight, bias] = ["weight", "bias"].map((name) => `${root}.${modules.length}.${name}`);
    shapes.set(weight, [cout, cin, kernel, kernel]).set(bias, [cout]);
    const options = { stride, padding: kernel === 1 ? 0 : 1 };
    push((x, p) => conv2d(x, p.get(weight) as Tensor, p.get(bias), options));
  };
  const activation = () => push((x) => leakyRelu(x, SLOPE));
  const normActivation = () => {
    push((x) => instanceNorm(x, { activation: "leakyRelu", slope: SLOPE }));
    push((x) => x);
  };

  if (netD === "pixel") {
    convolution(input_nc, ndf, 1, 1);
    activation();
    convolution(ndf, 2 * ndf, 1, 1);
    normActivation();
    convolution(2 * ndf, 1, 1, 1);
    return { modules, shapes };
  }
  const endStage = () => {
    modules[modules.length - 1].endsStage = true;
  };
  const levels = netD === "basic" ? 3 : n_layers_D;
  const stride = no_antialias ? 2 : 1;
  const down = () => {
    if (!no_antialias) push(blurDown);
    endStage();
  };
  const width = (level: number) => ndf * Math.min(2 ** level, 8);
  convolution(input_nc, ndf, 4, stride);
  activation();
  down();
  for (let level = 1; level < levels; level++) {
    convolution(width(level - 1), width(level), 4, stride);
    normActivation();
    down();
  }
  convolution(width(levels - 1), width(levels), 4, 1);
  normActivation();
  endStage();
  convolution(width(levels), 1, 4, 1);
  endStage();
  return { modules, shapes };
}

export class Discriminator {
  readonly parameters: Parameters;
  readonly #modules: readonly Module[];

  constructor(gpu: Gpu, architecture: DiscriminatorArchitecture) {
    const { modules, shapes } = plan(architecture);
    this.#modules = modules;
    this.parameters = makeParameters(gpu, shapes);
  }

  /** Shapes of the parameters by key, in order of definition. */
  static shapes(architecture: DiscriminatorArchitecture): ParameterShapes {
    return plan(architecture).shapes;
  }

  /** Images [N, input_nc, H, W] -> scores [N, 1, h, w]. */
  judge(x: Tensor, parameters: Parameters = this.parameters): Tensor {
    return runModules(this.#modules, x, parameters, "D.model.").output;
  }
}
