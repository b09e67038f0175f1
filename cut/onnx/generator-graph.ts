// A generator as an ONNX model that translates pictures of any size: the graph contains the padding of
// cut/translation/padding.ts and the network, so that other runtimes need no code of ours. Values agree with the
// engine's up to the order of float32 sums.
import type { StateDict } from "../../engine/formats/state-dict.js";
import { type AnyArchitecture, isSingleImage } from "../networks/any-generator.js";
import { SMALLEST_SIDE } from "../translation/padding.js";
import { OnnxGraph, type Port, type Value } from "./onnx-graph.js";
import { ResnetNodes } from "./resnet-nodes.js";
import { SingleImageNodes } from "./single-image-nodes.js";

export interface OnnxOptions {
  /** Weights as float16: half the file, the arithmetic stays float32. */
  f16: boolean;
  /** Bytes [batch, height, width, channels] in and out, not planes [batch, channels, height, width] in [-1, 1]. */
  pixels: boolean;
}

/** An .onnx file of a generator's state_dict. Batch, height and width of `input` are free; `output` has the same. */
export function generatorOnnx(
  architecture: AnyArchitecture,
  stateDict: StateDict,
  { f16, pixels }: OnnxOptions,
): Uint8Array<ArrayBuffer> {
  const graph = new OnnxGraph({ halfWeights: f16 });
  const network = isSingleImage(architecture)
    ? new SingleImageNodes(graph, architecture, stateDict)
    : new ResnetNodes(graph, architecture, stateDict);
  const given = pixels ? planesOfBytes(graph, "input") : "input";
  const [height, width] = [2, 3].map((axis) => graph.add("Gather", [graph.add("Shape", [given]), graph.int64(axis)]));
  const padded = padToMultiple(graph, given, height, width);
  const translated = network.run(padded);
  const cropped = [height, width].reduce((x, side, i) => {
    const end = graph.add("Unsqueeze", [side, graph.int64([0])]);
    return graph.add("Slice", [x, graph.int64([0]), end, graph.int64([2 + i])]);
  }, translated);
  // SinCUT's output may leave [-1, 1]. The clip follows the crop, because onnxruntime-web's WebGPU (1.30) confuses a
  // clip directly after a convolution's leaky ReLU with the ReLU.
  const clipped = graph.add("Clip", [cropped, graph.float(-1), graph.float(1)]);
  const port = (name: string, channels: number): Port => ({
    name,
    type: pixels ? "UINT8" : "FLOAT",
    axes: pixels ? ["batch", "height", "width", channels] : ["batch", channels, "height", "width"],
  });
  return graph.serialize(
    port("input", architecture.input_nc),
    port("output", architecture.output_nc),
    pixels ? bytesOfPlanes(graph, clipped) : clipped,
    { range: pixels ? "0 to 255" : "-1 to 1", layout: pixels ? "NHWC" : "NCHW" },
  );
}

/** Bytes [N, H, W, C] -> planes [N, C, H, W] in [-1, 1], as pictureToPlanes makes them. */
function planesOfBytes(graph: OnnxGraph, bytes: Value): Value {
  const planes = graph.add("Transpose", [graph.cast(bytes, "FLOAT")], { perm: [0, 3, 1, 2] });
  const unit = graph.add("Div", [planes, graph.float(255)]);
  return graph.add("Div", [graph.add("Sub", [unit, graph.float(0.5)]), graph.float(0.5)]);
}

/** Planes [N, C, H, W] in [-1, 1] -> bytes [N, H, W, C], truncated as by planesToPicture. */
function bytesOfPlanes(graph: OnnxGraph, planes: Value): Value {
  const unit = graph.add("Div", [graph.add("Add", [planes, graph.float(1)]), graph.float(2)]);
  const bytes = graph.cast(graph.add("Mul", [unit, graph.float(255)]), "UINT8");
  return graph.add("Transpose", [bytes], { perm: [0, 2, 3, 1] });
}

/** Grows planes to the right and downward by reflection, to sides that the generator can halve twice. */
function padToMultiple(graph: OnnxGraph, planes: Value, height: Value, width: Value): Value {
  const small = graph.add("Less", [graph.add("Min", [height, width]), graph.int64(SMALLEST_SIDE)]);
  const multiple = graph.add("Where", [small, graph.int64(SMALLEST_SIDE), graph.int64(4)]);
  return [height, width].reduce((x, side, i) => {
    const up = graph.add("Sub", [graph.add("Add", [side, multiple]), graph.int64(1)]);
    const size = graph.add("Mul", [graph.add("Div", [up, multiple]), multiple]);
    // The source of each position, reflected between the edges as often as needed, however small the picture is.
    const twice = graph.add("Mul", [graph.add("Sub", [side, graph.int64(1)]), graph.int64(2)]);
    const period = graph.add("Max", [twice, graph.int64(1)]);
    const there = graph.add("Mod", [graph.add("Range", [graph.int64(0), size, graph.int64(1)]), period]);
    const source = graph.add("Min", [there, graph.add("Sub", [period, there])]);
    return graph.add("Gather", [x, source], { axis: 2 + i });
  }, planes);
}
