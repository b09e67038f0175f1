// The ResNet generator (docs/method.md section 2.2), whose first half is also the encoder of patch features.
// generator-layout.ts lists its modules; here is what they compute. A norm runs fused with the ReLU after it, and its
// tap is therefore the ReLU'd value, just as the reference's in-place ReLU makes it.

import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { conv2d, convTranspose2d } from "../../engine/operators/convolution/index.js";
import { instanceNorm } from "../../engine/operators/instance-norm/index.js";
import { reflectionPad2d } from "../../engine/operators/padding/index.js";
import { tanh } from "../../engine/operators/pointwise/index.js";
import { blurDown, blurUp } from "../../engine/operators/resample/index.js";
import {
  blockConvolutions,
  type GeneratorArchitecture,
  type GeneratorModule,
  generatorLayout,
  generatorShapes,
} from "./generator-layout.js";
import {
  type Module,
  makeParameters,
  type ParameterShapes,
  type Parameters,
  type PictureGenerator,
  runModules,
  type Tap,
} from "./network.js";

/** The modules of a generator in order, ready to run. */
export function generatorModules(architecture: GeneratorArchitecture): Module[] {
  return generatorLayout(architecture).map((layout) => {
    const { index, endsStage, folded, pad } = layout;
    const feature = folded ? (x: Tensor) => reflectionPad2d(x, pad) : undefined;
    return { index, endsStage, feature, run: runOf(layout) };
  });
}

function runOf({ kind, index, pad, folded, stride, padding, paddingMode }: GeneratorModule): Module["run"] {
  const get = (parameters: Parameters, name: string) => parameters.get(`model.${index}.${name}`) as Tensor;
  switch (kind) {
    case "pad":
      return (x) => (folded ? x : reflectionPad2d(x, pad));
    case "convolution":
      return (x, p) => conv2d(x, get(p, "weight"), get(p, "bias"), { stride, padding, paddingMode });
    case "transposedConvolution":
      return (x, p) => convTranspose2d(x, get(p, "weight"), get(p, "bias"), { stride, padding, outputPadding: 1 });
    case "norm":
      return (x) => instanceNorm(x, { activation: "relu" });
    case "relu":
      return (x) => x;
    case "blurDown":
      return blurDown;
    case "blurUp":
      return blurUp;
    case "tanh":
      return tanh;
    case "block":
      return (x, p) => {
        const [first, second] = blockConvolutions;
        const hidden = instanceNorm(convolveInBlock(index, first, x, p), { activation: "relu" });
        return instanceNorm(convolveInBlock(index, second, hidden, p), { residual: x });
      };
  }
}

/** One of the two blockConvolutions of the residual block with that index. */
export function convolveInBlock(index: number, convolution: number, x: Tensor, parameters: Parameters): Tensor {
  const get = (name: string) => parameters.get(`model.${index}.conv_block.${convolution}.${name}`);
  return conv2d(x, get("weight") as Tensor, get("bias"), { padding: 1, paddingMode: "reflect" });
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
 * const init = { init_type: "xavier", init_gain: 0.02 } as const;
 * writeParameters(generator.parameters, initialWeights(Generator.shapes(architecture), new Random(1), init));
 *
 * const image = gpu.tensor(new Float32Array(3 * 16 * 16), [1, 3, 16, 16]);
 * const translated = gpu.noGrad(() => generator.translate(image));
 * console.log(translated.shape); // 1,3,16,16
 * gpu.dispose();
 * ```
 */
export class Generator implements PictureGenerator {
  readonly architecture: GeneratorArchitecture;
  readonly parameters: Parameters;
  readonly #modules: readonly Module[];

  constructor(gpu: Gpu, architecture: GeneratorArchitecture) {
    this.architecture = architecture;
    this.#modules = generatorModules(architecture);
    this.parameters = makeParameters(gpu, generatorShapes(architecture));
  }

  /** Shapes of the parameters by key, in order of definition. */
  static shapes(architecture: GeneratorArchitecture): ParameterShapes {
    return generatorShapes(architecture);
  }

  get modules(): number {
    return this.#modules.length;
  }

  tap(index: number): Tap {
    return generatorLayout(this.architecture)[index];
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
