// The ResNet generator as an ONNX model that translates pictures of any size: what cut/translation/padding.ts and
// cut/networks/generator.ts do stands inside the graph, so that other runtimes need no code of ours. Values agree with
// the engine's up to the order of float32 sums.
import type { StateDict } from "../../engine/formats/state-dict.js";
import { INSTANCE_NORM_EPS } from "../../engine/operators/instance-norm/index.js";
import {
  blockConvolutions,
  type GeneratorArchitecture,
  type GeneratorModule,
  generatorLayout,
} from "../networks/generator-layout.js";
import { SMALLEST_SIDE } from "../translation/padding.js";
import { type Attribute, OnnxGraph, type Port, type Value } from "./onnx-graph.js";

export interface OnnxOptions {
  /** Weights as float16: half the file, the arithmetic stays float32. */
  f16: boolean;
  /** Bytes [batch, height, width, channels] in and out, not planes [batch, channels, height, width] in [-1, 1]. */
  pixels: boolean;
}

/** An .onnx file of a generator's state_dict. Batch, height and width of `input` are free; `output` has the same. */
export function generatorOnnx(
  architecture: GeneratorArchitecture,
  stateDict: StateDict,
  { f16, pixels }: OnnxOptions,
): Uint8Array<ArrayBuffer> {
  const graph = new OnnxGraph({ halfWeights: f16 });
  const given = pixels ? planesOfBytes(graph, "input") : "input";
  const [height, width] = [2, 3].map((axis) => graph.add("Gather", [graph.add("Shape", [given]), graph.int64(axis)]));
  const padded = padToMultiple(graph, given, height, width);
  const translated = new GeneratorGraph(graph, architecture, stateDict).run(padded);
  const cropped = [height, width].reduce((x, side, i) => {
    const end = graph.add("Unsqueeze", [side, graph.int64([0])]);
    return graph.add("Slice", [x, graph.int64([0]), end, graph.int64([2 + i])]);
  }, translated);
  const port = (name: string, channels: number): Port => ({
    name,
    type: pixels ? "UINT8" : "FLOAT",
    axes: pixels ? ["batch", "height", "width", channels] : ["batch", channels, "height", "width"],
  });
  return graph.serialize(
    port("input", architecture.input_nc),
    port("output", architecture.output_nc),
    pixels ? bytesOfPlanes(graph, cropped) : cropped,
    { range: pixels ? "0 to 255" : "-1 to 1", layout: pixels ? "NHWC" : "NCHW" },
  );
}

/** Bytes [N, H, W, C] -> planes [N, C, H, W] in [-1, 1], as pictureToPlanes makes them. */
function planesOfBytes(graph: OnnxGraph, bytes: Value): Value {
  const FLOAT = 1;
  const planes = graph.add("Transpose", [graph.add("Cast", [bytes], { to: FLOAT })], { perm: [0, 3, 1, 2] });
  const unit = graph.add("Div", [planes, graph.float(255)]);
  return graph.add("Div", [graph.add("Sub", [unit, graph.float(0.5)]), graph.float(0.5)]);
}

/** Planes [N, C, H, W] in [-1, 1] -> bytes [N, H, W, C], the fraction cut off as planesToPicture does it. */
function bytesOfPlanes(graph: OnnxGraph, planes: Value): Value {
  const UINT8 = 2;
  const clipped = graph.add("Clip", [planes, graph.float(-1), graph.float(1)]);
  const unit = graph.add("Div", [graph.add("Add", [clipped, graph.float(1)]), graph.float(2)]);
  const bytes = graph.add("Cast", [graph.add("Mul", [unit, graph.float(255)])], { to: UINT8 });
  return graph.add("Transpose", [bytes], { perm: [0, 2, 3, 1] });
}

/** Grows planes to the right and downward by reflection, to sides that the generator can halve twice. */
function padToMultiple(graph: OnnxGraph, planes: Value, height: Value, width: Value): Value {
  const small = graph.add("Less", [graph.add("Min", [height, width]), graph.int64(SMALLEST_SIDE)]);
  const multiple = graph.add("Where", [small, graph.int64(SMALLEST_SIDE), graph.int64(4)]);
  return [height, width].reduce((x, side, i) => {
    const up = graph.add("Sub", [graph.add("Add", [side, multiple]), graph.int64(1)]);
    const size = graph.add("Mul", [graph.add("Div", [up, multiple]), multiple]);
    // Every position's source: there and back between the edges, however small the picture is.
    const twice = graph.add("Mul", [graph.add("Sub", [side, graph.int64(1)]), graph.int64(2)]);
    const period = graph.add("Max", [twice, graph.int64(1)]);
    const there = graph.add("Mod", [graph.add("Range", [graph.int64(0), size, graph.int64(1)]), period]);
    const source = graph.add("Min", [there, graph.add("Sub", [period, there])]);
    return graph.add("Gather", [x, source], { axis: 2 + i });
  }, planes);
}

/** The modules of cut/networks/generator-layout.ts as nodes. */
class GeneratorGraph {
  readonly #graph: OnnxGraph;
  readonly #modules: readonly GeneratorModule[];
  readonly #tensors: StateDict["tensors"];

  constructor(graph: OnnxGraph, architecture: GeneratorArchitecture, { tensors }: StateDict) {
    this.#graph = graph;
    this.#modules = generatorLayout(architecture);
    this.#tensors = tensors;
  }

  run(planes: Value): Value {
    return this.#modules.reduce((x, module) => this.#module(module, x), planes);
  }

  #module(module: GeneratorModule, x: Value): Value {
    const { kind, index, channels, border, folded, stride, padding, paddingMode } = module;
    const key = `model.${index}`;
    const zeros = paddingMode === "zeros" ? padding : 0;
    switch (kind) {
      case "pad":
        return folded ? x : this.#pad(x, border, "reflect");
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
        // Of the border's own doubled pixels nothing stays: the filter's reach and one pixel are cut off.
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

  #pad(x: Value, border: number, mode: "reflect" | "edge"): Value {
    return this.#graph.add("Pad", [x, this.#graph.int64([0, 0, border, border, 0, 0, border, border])], { mode });
  }

  /** Instance norm without parameters of its own. */
  #norm(x: Value, channels: number): Value {
    const [ones, zeros] = [1, 0].map((value) => this.#graph.channels(value, channels));
    return this.#graph.add("InstanceNormalization", [x, ones, zeros], { epsilon: INSTANCE_NORM_EPS });
  }

  #weight(key: string): Value {
    const { shape, data } = this.#tensors.get(key) as { shape: number[]; data: Float32Array };
    return this.#graph.weight(key, shape, data);
  }
}

/** The same padding at the start and the end of both axes. */
const sides = (padding: number) => [padding, padding, padding, padding];
