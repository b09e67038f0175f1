// onnxruntime-web with the WebGPU execution provider of its main bundles ("jsep"); the newer one under /webgpu never
// comes back from its first kernel on lavapipe. Best foot: inputs and outputs stay in GPU buffers, weights are
// constants of the graph, which the runtime optimises as far as it can.
import { create, toBinary } from "@bufbuild/protobuf";
import { TensorProto_DataType as DataType, ModelProtoSchema, AttributeProto_AttributeType as Type } from "onnx-buf";
import * as ort from "onnxruntime-web/all";
import { onnxGraph } from "../../dist/bench/peers/onnx-graph.js";

export async function open() {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  return { prepare };
}

async function prepare(job) {
  const graph = onnxGraph(job);
  if (!graph) throw new Error("onnxruntime-web does not compute gradients");
  const session = await ort.InferenceSession.create(modelBytes(graph), {
    executionProviders: ["webgpu"],
    preferredOutputLocation: "gpu-buffer",
    graphOptimizationLevel: "all",
  });
  const device = await ort.env.webgpu.device;
  const buffers = [];
  const feeds = {};
  for (const [name, { shape, data }] of graph.inputs) {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const gpuBuffer = device.createBuffer({ size: Math.ceil(data.byteLength / 16) * 16, usage });
    device.queue.writeBuffer(gpuBuffer, 0, data);
    buffers.push(gpuBuffer);
    feeds[name] = ort.Tensor.fromGpuBuffer(gpuBuffer, { dataType: "float32", dims: shape });
  }
  let output = null;
  return {
    async run() {
      output?.dispose();
      output = (await session.run(feeds))[graph.output.name];
      await device.queue.onSubmittedWorkDone();
    },
    read: async () => [await output.getData()],
    async dispose() {
      output?.dispose();
      for (const buffer of buffers) buffer.destroy();
      await session.release();
    },
  };
}

/** The graph as the bytes of an .onnx file. */
function modelBytes({ nodes, constants, inputs, output }) {
  const tensorType = (name, shape) => ({
    name,
    type: {
      value: {
        case: "tensorType",
        value: {
          elemType: DataType.FLOAT,
          shape: { dim: shape.map((n) => ({ value: { case: "dimValue", value: BigInt(n) } })) },
        },
      },
    },
  });
  const bytes = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const initializer = [...constants].map(([name, { shape, data, integers }]) => ({
    name,
    dims: shape.map(BigInt),
    dataType: data ? DataType.FLOAT : DataType.INT64,
    rawData: bytes(data ?? BigInt64Array.from(integers, BigInt)),
  }));
  const graph = {
    name: "job",
    node: nodes.map(({ operator, inputs, output, attributes }) => ({
      name: output,
      opType: operator,
      input: inputs,
      output: [output],
      attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...attribute(value) })),
    })),
    initializer,
    input: [...inputs].map(([name, { shape }]) => tensorType(name, shape)),
    output: [tensorType(output.name, output.shape)],
  };
  const model = create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ domain: "", version: 17n }], graph });
  return toBinary(ModelProtoSchema, model);
}

function attribute(value) {
  if (typeof value === "string") return { type: Type.STRING, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { type: Type.INTS, ints: value.map(BigInt) };
  return Number.isInteger(value) ? { type: Type.INT, i: BigInt(value) } : { type: Type.FLOAT, f: value };
}
