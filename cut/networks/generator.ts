// The ResNet generator (cut.md section 2.2), whose first half is also the encoder of patch features. Modules are numbered as in
// the published Sequential, so keys and nce_layers mean what they mean there. A norm runs fused with the ReLU after it, and
// its tap is therefore the ReLU'd value, just as the reference's in-place ReLU makes it.

import type { Shape, Tensor } from "../../engine/core/tensor.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { conv2d, convTranspose2d } from "../../engine/operators/convolution/index.js";
import { instanceNorm } from "../../engine/operators/instance-norm/index.js";
import { reflectionPad2d } from "../../engine/operators/padding/index.js";
import { tanh } from "../../engine/operators/pointwise/index.js";
import { blurDown, blurUp } from "../../engine/operators/resample/index.js";
import { type Module, makeParameters, type ParameterShapes, type Parameters, runModules } from "./network.js";

export interface GeneratorArchitecture {
  input_nc: number;
  output_nc: number;
  ngf: number;
  /** Residual blocks: 9, 6 or 4. */
  blocks: number;
  no_antialias: boolean;
  no_antialias_up: boolean;
}

export interface GeneratorPlan {
  modules: Module[];
  shapes: Map<string, Shape>;
  /** Fixed blur filters that published files carry: key, channels and taps along an axis. */
  filters: Map<string, { channels: number; taps: readonly number[] }>;
}

/** The modules of a generator in order, its parameters and its fixed filters. */
export function planGenerator(architecture: GeneratorArchitecture): GeneratorPlan {
  const { input_nc, output_nc, ngf, blocks, no_antialias, no_antialias_up } = architecture;
  const modules: Module[] = [];
  const shapes = new Map<string, Shape>();
  const filters: GeneratorPlan["filters"] = new Map();
  const get = (parameters: Parameters, key: string) => parameters.get(key) as Tensor;

  /** Adds a module; `make` gets its index and returns what it does. */
  const push = (make: (index: number) => Module["run"]) => {
    const index = modules.length;
    modules.push({ index, run: make(index) });
  };
  const endStage = () => {
    modules[modules.length - 1].endsStage = true;
  };
  const convolution = (
    cin: number,
    cout: number,
    kernel: number,
    options: { stride?: number; padding?: number } = {},
  ) =>
    push((index) => {
      const [weight, bias] = [`model.${index}.weight`, `model.${index}.bias`];
      shapes.set(weight, [cout, cin, kernel, kernel]).set(bias, [cout]);
      return (x, p) => conv2d(x, get(p, weight), get(p, bias), options);
    });
  const normRelu = () => {
    push(() => (x) => instanceNorm(x, { activation: "relu" }));
    push(() => (x) => x);
  };

  push(() => (x) => reflectionPad2d(x, 3));
  convolution(input_nc, ngf, 7);
  normRelu();
  for (const width of [ngf, 2 * ngf]) {
    convolution(width, 2 * width, 3, { stride: no_antialias ? 2 : 1, padding: 1 });
    normRelu();
    if (!no_antialias) {
      push((index) => {
        filters.set(`model.${index}.filt`, { channels: 2 * width, taps: [1, 2, 1] });
        return blurDown;
      });
    }
    endStage();
  }
  const width = 4 * ngf;
  for (let i = 0; i < blocks; i++) {
    push((index) => {
      const keys = [1, 5].map((n) => [`model.${index}.conv_block.${n}.weight`, `model.${index}.conv_block.${n}.bias`]);
      for (const [weight, bias] of keys) shapes.set(weight, [width, width, 3, 3]).set(bias, [width]);
      const conv = (x: Tensor, p: Parameters, [weight, bias]: string[]) =>
        conv2d(x, get(p, weight), get(p, bias), { padding: 1, paddingMode: "reflect" });
      return (x, p) => {
        const hidden = instanceNorm(conv(x, p, keys[0]), { activation: "relu" });
        return instanceNorm(conv(hidden, p, keys[1]), { residual: x });
      };
    });
    endStage();
  }
  for (const half of [2 * ngf, ngf]) {
    if (no_antialias_up) {
      push((index) => {
        const [weight, bias] = [`model.${index}.weight`, `model.${index}.bias`];
        shapes.set(weight, [2 * half, half, 3, 3]).set(bias, [half]);
        const options = { stride: 2, padding: 1, outputPadding: 1 };
        return (x, p) => convTranspose2d(x, get(p, weight), get(p, bias), options);
      });
    } else {
      push((index) => {
        filters.set(`model.${index}.filt`, { channels: 2 * half, taps: [1, 3, 3, 1] });
        return blurUp;
      });
      convolution(2 * half, half, 3, { padding: 1 });
    }
    normRelu();
    // The last, large tensor is as quickly made from this one.
    if (half !== ngf) endStage();
  }
  push(() => (x) => reflectionPad2d(x, 3));
  convolution(ngf, output_nc, 7);
  push(() => tanh);
  endStage();
  return { modules, shapes, filters };
}

/**
 * CUT's ResNet generator, whose first half is the encoder of the contrastive loss. New ones hold no weights yet.
 *
 * @example
 * ```ts
 * import { openGpu, Random } from "cutgpu";
 * import { Generator, initialWeights, writeParameters } from "cutgpu/cut";
 *
 * const gpu = await openGpu();
 * const architecture = { input_nc: 3, output_nc: 3, ngf: 4, blocks: 4, no_antialias: false, no_antialias_up: false };
 * const generator = new Generator(gpu, architecture);
 * const weights = initialWeights(Generator.shapes(architecture), new Random(1), { init_type: "xavier", init_gain: 0.02 });
 * writeParameters(generator.parameters, weights);
 *
 * const image = gpu.tensor(new Float32Array(3 * 16 * 16), [1, 3, 16, 16]);
 * const translated = gpu.noGrad(() => generator.translate(image));
 * console.log(translated.shape); // 1,3,16,16
 * gpu.dispose();
 * ```
 */
export class Generator {
  readonly architecture: GeneratorArchitecture;
  readonly parameters: Parameters;
  readonly #modules: readonly Module[];

  constructor(gpu: Gpu, architecture: GeneratorArchitecture) {
    const { modules, shapes } = planGenerator(architecture);
    this.architecture = architecture;
    this.#modules = modules;
    this.parameters = makeParameters(gpu, shapes);
  }

  /** Shapes of the parameters by key, in order of definition. */
  static shapes(architecture: GeneratorArchitecture): ParameterShapes {
    return planGenerator(architecture).shapes;
  }

  /** The fixed filters that published files carry beside the parameters. */
  static filters(architecture: GeneratorArchitecture): GeneratorPlan["filters"] {
    return planGenerator(architecture).filters;
  }

  /** Images [N, input_nc, H, W] in [-1, 1], H and W multiples of 4 -> [N, output_nc, H, W] in [-1, 1]. */
  translate(x: Tensor, parameters: Parameters = this.parameters): Tensor {
    return runModules(this.#modules, x, parameters, "G.model.").output;
  }

  /** The image, and the outputs of the modules named in `taps` on the way. */
  translateWithFeatures(x: Tensor, taps: readonly number[]): { image: Tensor; features: Tensor[] } {
    const { output, features } = runModules(this.#modules, x, this.parameters, "G.model.", taps);
    return { image: output, features };
  }

  /** The outputs of the modules named in `taps`; nothing after the last of them is run. */
  encode(x: Tensor, taps: readonly number[]): Tensor[] {
    return runModules(this.#modules, x, this.parameters, "G.model.", taps, true).features;
  }
}

/** Channels, height and width of the feature maps at `taps` for images of a size. */
export function featureShapes(
  architecture: GeneratorArchitecture,
  taps: readonly number[],
  height: number,
  width: number,
): [channels: number, height: number, width: number][] {
  const { input_nc, output_nc, ngf, blocks, no_antialias, no_antialias_up } = architecture;
  const maps: [number, number, number][] = [];
  const push = (channels: number, scale: number, border = 0) =>
    maps.push([channels, height / scale + 2 * border, width / scale + 2 * border]);
  push(input_nc, 1, 3);
  for (let i = 0; i < 3; i++) push(ngf, 1);
  for (const [channels, scale] of [
    [2 * ngf, 1],
    [4 * ngf, 2],
  ]) {
    for (let i = 0; i < 3; i++) push(channels, no_antialias ? 2 * scale : scale);
    if (!no_antialias) push(channels, 2 * scale);
  }
  for (let i = 0; i < blocks; i++) push(4 * ngf, 4);
  for (const [channels, scale] of [
    [2 * ngf, 2],
    [ngf, 1],
  ]) {
    if (!no_antialias_up) push(2 * channels, scale);
    for (let i = 0; i < 3; i++) push(channels, scale);
  }
  push(ngf, 1, 3);
  push(output_nc, 1);
  push(output_nc, 1);
  return taps.map((tap) => maps[tap]);
}
