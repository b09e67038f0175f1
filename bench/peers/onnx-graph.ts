// The jobs as ONNX graphs, for a runtime that takes nothing else: nodes in order, weights as constants, the picture
// (or the two matrices) as inputs. Plain data; bench/peers/onnxruntime.mjs turns it into a file's bytes. Operators
// are those of opset 17 (https://onnx.ai/onnx/operators/).
import { comparable, convolutionOutput, inputsOf, type PeerInput, type PeerJob } from "./jobs.js";

export type OnnxAttribute = number | string | readonly number[];

export interface OnnxNode {
  operator: string;
  inputs: string[];
  output: string;
  /** Integers, lists of integers, strings; numbers with a fraction are floats. */
  attributes: { [name: string]: OnnxAttribute };
}

export interface OnnxGraph {
  nodes: OnnxNode[];
  /** Constants: float32 data, or int64 where `integers` are given. */
  constants: Map<string, PeerInput | { shape: readonly number[]; integers: readonly number[] }>;
  inputs: Map<string, PeerInput>;
  output: { name: string; shape: readonly number[] };
}

/** The graph of a job; null for gradients, which the runtime does not do. */
export function onnxGraph(given: PeerJob): OnnxGraph | null {
  const job = comparable(given);
  const all = inputsOf(job);
  const input = (name: string) => all.get(name) as PeerInput;
  switch (job.kind) {
    case "matmul": {
      const graph = new GraphBuilder(new Map([...all]), new Map());
      const y = graph.add("MatMul", ["a", "b"]);
      return graph.finish(y, [job.m, job.n]);
    }
    case "conv2d": {
      const graph = new GraphBuilder(new Map([["x", input("x")]]), new Map([["w", input("w")]]));
      const reflected = job.mode === "reflect";
      const x = reflected ? graph.reflect("x", job.padding) : "x";
      const y = graph.convolution([x, "w"], job.kernel, job.stride, reflected ? 0 : job.padding);
      return graph.finish(y, convolutionOutput(job));
    }
    case "generator": {
      const parameters = new Map([...all].filter(([name]) => name !== "x" && name !== "dy"));
      const graph = new GraphBuilder(new Map([["x", input("x")]]), parameters);
      return graph.finish(addGenerator(graph, job.ngf, job.blocks), [job.batch, 3, job.size, job.size]);
    }
    default:
      return null;
  }
}

/** Modules are numbered as in the published files. Returns the name of the result. */
function addGenerator(graph: GraphBuilder, ngf: number, blocks: number): string {
  const layer = (x: string, key: string, kernel: number, padding: number) =>
    graph.convolution([x, `${key}.weight`, `${key}.bias`], kernel, 1, padding);
  const relu = (x: string) => graph.add("Relu", [x]);
  let x = relu(graph.norm(layer(graph.reflect("x", 3), "model.1", 7, 0), ngf));
  for (const [index, width] of [
    [4, 2 * ngf],
    [8, 4 * ngf],
  ]) {
    x = graph.blurDown(relu(graph.norm(layer(x, `model.${index}`, 3, 1), width)), width);
  }
  for (let index = 12; index < 12 + blocks; index++) {
    const conv = (x: string, n: number) =>
      graph.norm(layer(graph.reflect(x, 1), `model.${index}.conv_block.${n}`, 3, 0), 4 * ngf);
    x = graph.add("Add", [conv(relu(conv(x, 1)), 5), x]);
  }
  for (const [index, width] of [
    [13 + blocks, 2 * ngf],
    [17 + blocks, ngf],
  ]) {
    x = relu(graph.norm(layer(graph.doubled(x), `model.${index}`, 3, 1), width));
  }
  return graph.add("Tanh", [layer(graph.reflect(x, 3), `model.${21 + blocks}`, 7, 0)]);
}

class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly #inputs: OnnxGraph["inputs"];
  readonly #constants: OnnxGraph["constants"];

  constructor(inputs: Map<string, PeerInput>, constants: OnnxGraph["constants"]) {
    this.#inputs = inputs;
    this.#constants = constants;
  }

  /** Appends a node and returns the name of its output. */
  add(operator: string, inputs: string[], attributes: OnnxNode["attributes"] = {}): string {
    const output = `${operator}.${this.nodes.length}`;
    this.nodes.push({ operator, inputs, output, attributes });
    return output;
  }

  floats(name: string, shape: readonly number[], values: readonly number[]): string {
    this.#constants.set(name, { shape, data: Float32Array.from(values) });
    return name;
  }

  convolution(inputs: string[], kernel: number, stride: number, padding: number, group = 1): string {
    return this.add("Conv", inputs, {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: Array(4).fill(padding),
      group,
    });
  }

  reflect(x: string, amount: number): string {
    const name = `pads.${amount}`;
    this.#constants.set(name, { shape: [8], integers: [0, 0, amount, amount, 0, 0, amount, amount] });
    return this.add("Pad", [x, name], { mode: "reflect" });
  }

  norm(x: string, channels: number): string {
    const one = this.floats(`one.${channels}`, [channels], Array(channels).fill(1));
    const zero = this.floats(`zero.${channels}`, [channels], Array(channels).fill(0));
    return this.add("InstanceNormalization", [x, one, zero], { epsilon: 1e-5 });
  }

  blurDown(x: string, channels: number): string {
    const taps = [1, 2, 1].flatMap((a) => [1, 2, 1].map((b) => (a * b) / 16));
    const filter = this.floats(`blur.${channels}`, [channels, 1, 3, 3], Array(channels).fill(taps).flat());
    return this.convolution([this.reflect(x, 1), filter], 3, 2, 0, channels);
  }

  /** Bilinear, half-pixel centres. */
  doubled(x: string): string {
    const scales = this.floats("scales", [4], [1, 1, 2, 2]);
    const attributes = { mode: "linear", coordinate_transformation_mode: "half_pixel" };
    return this.add("Resize", [x, "", scales], attributes);
  }

  finish(name: string, shape: readonly number[]): OnnxGraph {
    return { nodes: this.nodes, constants: this.#constants, inputs: this.#inputs, output: { name, shape } };
  }
}
