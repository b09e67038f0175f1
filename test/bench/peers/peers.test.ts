// The parts of the comparison with other engines that need none of them: inputs made alike on both sides, the graphs
// for onnxruntime, the check of results, and what is said where the peers are not installed.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fill } from "../../../bench/peers/fill.js";
import { comparable, convolutionOutput, inputsOf } from "../../../bench/peers/jobs.js";
import { onnxGraph } from "../../../bench/peers/onnx-graph.js";
import { ourResults } from "../../../bench/peers/ours.js";
import {
  type ConvolutionJob,
  failureLines,
  type GeneratorJob,
  type PeerJob,
  requirePeers,
  worstError,
} from "../../../bench/peers/peers.js";
import { CutgpuError } from "../../../engine/lib/errors.js";
import { testGpu } from "../../support/gpu.js";

const convolution: ConvolutionJob = {
  id: "conv",
  kind: "conv2d",
  batch: 2,
  in_channels: 3,
  out_channels: 5,
  height: 6,
  width: 7,
  kernel: 3,
  stride: 1,
  padding: 1,
  mode: "reflect",
};
const generator: GeneratorJob = { id: "g", kind: "generator", ngf: 4, blocks: 2, size: 16, batch: 1 };

test("fill depends on seed and index alone, and fills the range evenly", () => {
  const values = fill(3, 10_000, 2);
  assert.equal(fill(3, 10, 2), values.slice(0, 10));
  assert.not.equal(fill(4, 10, 2), values.slice(0, 10));
  assert.ok(values.every((value) => value >= -2 && value < 2));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
  assert.ok(Math.abs(mean) < 0.05, `mean ${mean}`);
  assert.ok(Math.abs(variance - 4 / 3) < 0.05, `variance ${variance}`);
});

test("gradients behind reflection padding are compared on the padded picture", () => {
  const job = comparable({ ...convolution, kind: "conv2d.dx" }) as ConvolutionJob;
  assert.equal([job.height, job.width, job.padding, job.mode], [8, 9, 0, "zeros"]);
  assert.equal(convolutionOutput(job), convolutionOutput(convolution));
  assert.equal(comparable(convolution), convolution);
});

test("what has no time is told, once for a peer and a reason", () => {
  const ms = { median: 1, min: 1, max: 1 };
  const results = new Map(
    ["a", "b", "c"].map((id, i) => [
      id,
      [
        { peer: "tfjs" as const, ms: null, error: `its result differs from ours by ${i + 1}.0e-1` },
        i === 1 ? { peer: "jax-js" as const, ms: null, error: "it crashed" } : { peer: "jax-js" as const, ms },
      ],
    ]),
  );
  assert.equal(failureLines(results), [
    "no time of tfjs for a and 2 more: its result differs from ours",
    "no time of jax-js for b: it crashed",
  ]);
});

test("a convolution's inputs have our layouts", () => {
  const inputs = inputsOf(convolution);
  assert.equal(inputs.get("x")?.shape, [2, 3, 6, 7]);
  assert.equal(inputs.get("w")?.shape, [5, 3, 3, 3]);
  assert.equal(inputs.get("dy")?.shape, [2, 5, 6, 7]);
});

for (const job of [convolution, generator, { id: "m", kind: "matmul", m: 2, n: 3, k: 4 } satisfies PeerJob]) {
  test(`the ONNX graph of a ${job.kind} uses only names that are there`, () => {
    const graph = onnxGraph(job);
    assert.ok(graph);
    const known = new Set(["", ...graph.inputs.keys(), ...graph.constants.keys()]);
    const used = new Set<string>();
    for (const { inputs, output, operator } of graph.nodes) {
      for (const name of inputs) assert.ok(known.has(name), `${operator} reads ${name}`);
      assert.not.ok(known.has(output), `${output} is made twice`);
      for (const name of inputs) used.add(name);
      known.add(output);
    }
    assert.ok(known.has(graph.output.name));
    for (const name of graph.constants.keys()) assert.ok(used.has(name), `${name} is never read`);
  });
}

test("onnxruntime is given no gradients", () => {
  assert.is(onnxGraph({ ...convolution, kind: "conv2d.dw" }), null);
  assert.is(onnxGraph({ ...generator, kind: "generator.backward" }), null);
});

test("our side answers with the output and a gradient for every parameter", async () => {
  const gpu = await testGpu("software");
  const backward: GeneratorJob = { ...generator, kind: "generator.backward", blocks: 1 };
  const results = await ourResults(gpu, backward);
  const shapes = [...inputsOf(backward)].filter(([name]) => name !== "x").map(([, { data }]) => data.length);
  assert.equal(
    results.map((values) => values.length),
    shapes,
  );
  const [forward] = await ourResults(gpu, { ...backward, kind: "generator" });
  assert.equal(forward, results[0]);
});

test("worstError is relative to the largest value of each tensor", () => {
  const expected = [Float32Array.of(1, -4), Float32Array.of(2, 2)];
  assert.is(worstError(expected, expected), 0);
  assert.is(worstError([Float32Array.of(2, -4), Float32Array.of(2, 2)], expected), 0.25);
});

test("a tensor of rounding errors does not count as wrong", () => {
  const expected = [Float32Array.of(1), Float32Array.of(1e-7)];
  assert.ok(worstError([Float32Array.of(1), Float32Array.of(-1e-7)], expected) < 1e-4);
});

test("NaN, missing tensors and wrong sizes are infinitely wrong", () => {
  const expected = [Float32Array.of(1, 2)];
  assert.is(worstError([Float32Array.of(Number.NaN, 2)], expected), Number.POSITIVE_INFINITY);
  assert.is(worstError([Float32Array.of(1, Number.NaN)], expected), Number.POSITIVE_INFINITY);
  assert.is(worstError([], expected), Number.POSITIVE_INFINITY);
  assert.is(worstError([Float32Array.of(1)], expected), Number.POSITIVE_INFINITY);
});

test("a peer's process gets an adapter from navigator.gpu, as often as it asks", () => {
  const globals = new URL("../../../../bench/peers/globals.mjs", import.meta.url);
  const program = `await import("${globals}");
    const adapters = [await navigator.gpu.requestAdapter(), await navigator.gpu.requestAdapter()];
    console.log(adapters.every((adapter) => adapter instanceof GPUAdapter));
    process.exit();`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  assert.match(output, "true");
});

test("where peers are not installed the error names the command", () => {
  const folder = mkdtempSync(join(tmpdir(), "cutgpu-peers-"));
  const failure = () => {
    try {
      requirePeers(folder);
    } catch (error) {
      return error as CutgpuError;
    }
    throw new Error("requirePeers did not object");
  };
  try {
    assert.match(failure().message, "installed package");
    writeFileSync(join(folder, "run.mjs"), "");
    mkdirSync(join(folder, "node_modules", "@jax-js", "jax"), { recursive: true });
    assert.instance(failure(), CutgpuError);
    assert.is(failure().message, "not installed: @tensorflow/tfjs-backend-webgpu, onnxruntime-web");
    assert.match(failure().fix, "`npm run bench:peers:install`");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
