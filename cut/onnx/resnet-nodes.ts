// The ResNet generator as nodes of an ONNX graph: the modules of cut/networks/generator-layout.ts, computing what
// cut/networks/generator.ts does.
import type { StateDict } from "../../engine/formats/state-dict.js";
import { INSTANCE_NORM_EPS } from "../../engine/operators/instance-norm/index.js";
import {
  blockConvolutions,
  type GeneratorArchitecture,
  type GeneratorModule,
  generatorLayout,
} from "../networks/generator-layout.js";
import { type Attribute, type OnnxGraph, sides, type Value } from "./onnx-graph.js";

export class ResnetNodes {
  readonly #graph: OnnxGraph;
  readonly #modules: readonly GeneratorModule[];
  readonly #tensors: StateDict["tensors"];

  constructor(graph: OnnxGraph, architecture: GeneratorArchitecture, { tensors }: StateDict) {
    this.#graph = graph;
    this.#modules = generatorLayout(architecture);
    this.#tensors = tensors;
  }

  /** Planes [N, input_nc, H, W], sides multiples of 4 -> [N, output_nc, H, W]. */
  run(planes: Value): Value {
    return this.#modules.reduce((x, module) => this.#module(module, x), planes);
  }

  #module(module: GeneratorModule, x: Value): Value {
    const { kind, index, channels, pad, folded, stride, padding, paddingMode } = module;
    const key = `model.${index}`;
    const zeros = paddingMode === "zeros" ? padding : 0;
    switch (kind) {
      case "pad":
        return folded ? x : this.#pad(x, pad, "reflect");
      case "convolution":
        return this.#convolve(paddingMode === "reflect" ? this.#pad(x, padding, "reflect") : x, key, {
          strides: [stride, stride],
          pads: sides(zeros),
        });
      case "transposedConvolution":
        return this.#convolve(
          x,
          key,
          { strides: [2, 2], pads: sides(padding), output_padding: [1, 1] },
          "ConvTranspose",
        );
      case "norm":
        return this.#norm(x, channels);
      case "relu":
        return this.#graph.add("Relu", [x]);
      case "blurDown": {
        const filter = this.#weight(`${key}.filt`);
        return this.#graph.add("Conv", [this.#pad(x, 1, "reflect"), filter], { strides: [2, 2], group: channels });
      }
      case "blurUp": {
        const filter = this.#weight(`${key}.filt`);
        // `pads` crops the upsampled padding: the filter's radius and one pixel.
        const attributes = { strides: [2, 2], pads: sides(3), group: channels };
        return this.#graph.add("ConvTranspose", [this.#pad(x, 1, "edge"), filter], attributes);
      }
      case "block": {
        const [first, second] = blockConvolutions.map((n) => `${key}.conv_block.${n}`);
        const convolve = (y: Value, name: string) =>
          this.#norm(this.#convolve(this.#pad(y, 1, "reflect"), name, {}), channels);
        return this.#graph.add("Add", [x, convolve(this.#graph.add("Relu", [convolve(x, first)]), second)]);
      }
      case "tanh":
        return this.#graph.add("Tanh", [x]);
    }
  }

  #convolve(x: Value, key: string, attributes: Record<string, Attribute>, opType = "Conv"): Value {
    return this.#graph.add(opType, [x, this.#weight(`${key}.weight`), this.#weight(`${key}.bias`)], attributes);
  }

  #pad(x: Value, pad: number, mode: "reflect" | "edge"): Value {
    return this.#graph.add("Pad", [x, this.#graph.int64([0, 0, pad, pad, 0, 0, pad, pad])], { mode });
  }

  /** Instance norm without learned parameters. */
  #norm(x: Value, channels: number): Value {
    const [ones, zeros] = [1, 0].map((value) => this.#graph.channels(value, channels));
    return this.#graph.add("InstanceNormalization", [x, ones, zeros], { epsilon: INSTANCE_NORM_EPS });
  }

  #weight(key: string): Value {
    const { shape, data } = this.#tensors.get(key) as { shape: number[]; data: Float32Array };
    return this.#graph.weight(key, shape, data);
  }
}
