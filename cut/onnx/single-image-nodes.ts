// SinCUT's generator as nodes of an ONNX graph, computing what cut/networks/single-image-generator.ts does. All
// constant factors are in the weights of the file: those of the equalised learning rate, the lengths that demodulation
// divides by, and the gains of activations, which commute with a leaky ReLU.
import type { StateDict } from "../../engine/formats/state-dict.js";
import { DEMODULATION_EPS, GAIN, SLOPE } from "../networks/single-image-blocks.js";
import type { SingleImageArchitecture } from "../networks/single-image-layout.js";
import { noiseNodes } from "./noise-nodes.js";
import { type Attribute, type OnnxGraph, sides, type Value } from "./onnx-graph.js";

type Attributes = Record<string, Attribute>;

export class SingleImageNodes {
  readonly #graph: OnnxGraph;
  readonly #architecture: SingleImageArchitecture;
  readonly #tensors: StateDict["tensors"];

  constructor(graph: OnnxGraph, architecture: SingleImageArchitecture, { tensors }: StateDict) {
    this.#graph = graph;
    this.#architecture = architecture;
    this.#tensors = tensors;
  }

  /** Planes [N, input_nc, H, W], sides even -> [N, output_nc, H, W], which may leave [-1, 1]. */
  run(planes: Value): Value {
    const halved = this.#halvingBlock(this.#activated(planes, "encoder.convs.1"), "encoder.convs.2");
    const blocks = [...[3, 4, 5].map((i) => `encoder.convs.${i}`), ...[0, 1, 2].map((i) => `decoder.convs.${i}`)];
    const coded = blocks.reduce((x, key) => this.#block(x, key), halved);
    const grown = this.#upsampling(coded, noiseNodes(this.#graph, planes));
    return this.#activated(grown, "decoder.convs.4");
  }

  #block(x: Value, key: string): Value {
    const hidden = this.#activated(x, `${key}.conv1`, { pads: sides(1) });
    const own = this.#activated(hidden, `${key}.conv2`, { pads: sides(1) }, { gain: 1 });
    return this.#graph.add("Add", [own, this.#graph.add("Mul", [x, this.#graph.float(1 / GAIN)])]);
  }

  #halvingBlock(x: Value, key: string): Value {
    const hidden = this.#activated(x, `${key}.conv1`, { pads: sides(1) });
    const blurred = this.#blur(hidden, `${key}.conv2.0.kernel`, { pads: sides(2) });
    const own = this.#activated(blurred, `${key}.conv2`, { strides: [2, 2] }, { first: 1, gain: 1 });
    // The skip's convolution is 1 x 1: pixels that it skips need no blur.
    const few = this.#blur(x, `${key}.skip.0.kernel`, { pads: sides(1), strides: [2, 2] });
    const skip = this.#graph.add("Conv", [few, this.#weight(`${key}.skip.1.weight`, 1 / GAIN)]);
    return this.#graph.add("Add", [own, skip]);
  }

  #upsampling(x: Value, noise: Value): Value {
    const key = "decoder.convs.3";
    const grown = this.#graph.add("ConvTranspose", [x, this.#demodulated(`${key}.conv.weight`)], { strides: [2, 2] });
    const bias = this.#bias(`${key}.activate.bias`, GAIN);
    const blurred = this.#blur(grown, `${key}.conv.blur.kernel`, { pads: sides(1) }, bias);
    const [strength] = this.#stored(`${key}.noise.weight`).data;
    const scaled = this.#graph.add("Mul", [noise, this.#graph.float(GAIN * strength)]);
    return this.#leakyRelu(this.#graph.add("Add", [blurred, scaled]));
  }

  /** gain leakyRelu(convolution + bias). `first` is the index of the weights in the file; the bias has the next one. */
  #activated(x: Value, key: string, attributes: Attributes = {}, { first = 0, gain = GAIN } = {}): Value {
    const weight = this.#weight(`${key}.${first}.weight`, gain);
    const bias = this.#bias(`${key}.${first + 1}.bias`, gain);
    return this.#leakyRelu(this.#graph.add("Conv", [x, weight, bias], attributes));
  }

  #leakyRelu(x: Value): Value {
    return this.#graph.add("LeakyRelu", [x], { alpha: SLOPE });
  }

  /** A depthwise convolution of a map of the picture's size with a filter [4, 4]. */
  #blur(x: Value, key: string, attributes: Attributes, bias?: Value): Value {
    const [channels] = this.#architecture.channels;
    const { data, shape } = this.#stored(key);
    const filters = Float32Array.from({ length: channels * data.length }, (_, i) => data[i % data.length]);
    const filter = this.#graph.weight(key, [channels, 1, ...shape], filters);
    return this.#graph.add("Conv", bias ? [x, filter, bias] : [x, filter], { ...attributes, group: channels });
  }

  /** [out, in, k, k] times gain / sqrt(in k k). */
  #weight(key: string, gain: number): Value {
    const { data, shape } = this.#stored(key);
    const factor = gain / Math.sqrt(data.length / shape[0]);
    return this.#graph.weight(
      key,
      shape,
      data.map((value) => factor * value),
    );
  }

  /** One number for each channel, times a gain. */
  #bias(key: string, gain: number): Value {
    const { data } = this.#stored(key);
    return this.#graph.weight(
      key,
      [data.length],
      data.map((value) => gain * value),
    );
  }

  /** [1, out, in, k, k] as [in, out, k, k], the weights of each output scaled to length GAIN. */
  #demodulated(key: string): Value {
    const { data, shape } = this.#stored(key);
    const [, out, from, ...kernel] = shape;
    const taps = kernel[0] * kernel[1];
    const each = from * taps;
    const factors = Array.from({ length: out }, (_, o) => {
      const square = data.subarray(o * each, (o + 1) * each).reduce((sum, value) => sum + value * value, 0) / each;
      return GAIN / Math.sqrt(each * (square + DEMODULATION_EPS));
    });
    const weights = Float32Array.from(data, (_, i) => {
      const [tap, o, c] = [i % taps, Math.floor(i / taps) % out, Math.floor(i / (taps * out))];
      return factors[o] * data[o * each + c * taps + tap];
    });
    return this.#graph.weight(key, [from, out, ...kernel], weights);
  }

  #stored(key: string): { shape: number[]; data: Float32Array } {
    return this.#tensors.get(key) as { shape: number[]; data: Float32Array };
  }
}
