// The noise of SinCUT's translations as nodes of an ONNX graph: the numbers of shaders/creation/random.wgsl, computed
// for the size at hand, so that other runtimes add what `cutgpu translate` adds. All of it is arithmetic that
// onnxruntime has on the CPU: products of 32-bit words are computed in int64, where they fit, and truncated to uint32.
import { NOISE_SEED } from "../networks/single-image-generator.js";
import type { OnnxGraph, Value } from "./onnx-graph.js";

/** The noise [1, 1, H, W] that translationNoise gives a picture of the size of `planes` [N, C, H, W]. */
export function noiseNodes(graph: OnnxGraph, planes: Value): Value {
  const size = graph.add("Slice", [graph.add("Shape", [planes]), graph.int64([2]), graph.int64([4])]);
  const pixels = graph.add("ReduceProd", [size], { keepdims: 0 });
  const positions = graph.add("Range", [graph.int64(0), pixels, graph.int64(1)]);
  const seed = pcg(graph, graph.int64(NOISE_SEED));
  const bits = pcg(graph, graph.add("BitwiseXor", [pcg(graph, positions), seed]));
  const fromOne = graph.add("Sub", [graph.float(1), fraction(graph, bits)]);
  const length = graph.add("Sqrt", [graph.add("Mul", [graph.add("Log", [fromOne]), graph.float(-2)])]);
  const turn = graph.add("Mul", [fraction(graph, pcg(graph, bits)), graph.float(2 * Math.PI)]);
  const numbers = graph.add("Mul", [length, graph.add("Cos", [turn])]);
  return graph.add("Reshape", [numbers, graph.add("Concat", [graph.int64([1, 1]), size], { axis: 0 })]);
}

/** PCG's hash of whole numbers from 0 to below 2^32, as uint32. */
function pcg(graph: OnnxGraph, numbers: Value): Value {
  const wide = (words: Value) => graph.cast(words, "INT64");
  const product = graph.add("Mul", [wide(numbers), graph.int64(747796405)]);
  const state = graph.cast(graph.add("Add", [product, graph.int64(2891336453)]), "UINT32");
  const shifted = shiftRight(
    graph,
    shiftRight(graph, state, graph.uint32(4)),
    shiftRight(graph, state, graph.uint32(28)),
  );
  const mixed = wide(graph.add("BitwiseXor", [shifted, state]));
  const word = graph.cast(graph.add("Mul", [mixed, graph.int64(277803737)]), "UINT32");
  return graph.add("BitwiseXor", [shiftRight(graph, word, graph.uint32(22)), word]);
}

/** 24 bits of words as numbers in [0, 1). */
const fraction = (graph: OnnxGraph, words: Value): Value =>
  graph.add("Mul", [graph.cast(shiftRight(graph, words, graph.uint32(8)), "FLOAT"), graph.float(2 ** -24)]);

const shiftRight = (graph: OnnxGraph, words: Value, by: Value): Value =>
  graph.add("BitShift", [words, by], { direction: "RIGHT" });
