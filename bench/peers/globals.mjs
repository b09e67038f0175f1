// What browsers have and Node has not, set up before a peer is imported: navigator.gpu through the very dawn.node and
// adapter that we run on.
import { create, globals } from "webgpu";
import { DEFAULT_FLAGS, requestAdapter } from "../../dist/engine/open/node.js";
import { paceImmediates } from "../../dist/engine/open/pace-immediates.js";

Object.assign(globalThis, globals);
// It also loads the software driver where there is no other. From here on it would ask navigator.gpu.
if (!(await requestAdapter())) throw new Error("no WebGPU adapter was found");
const dawn = create([...DEFAULT_FLAGS]);

// onnxruntime-web hands over parts of its shared memory, which dawn.node does not take.
const { writeBuffer } = GPUQueue.prototype;
GPUQueue.prototype.writeBuffer = function (buffer, at, data, from = 0, size = undefined) {
  const elements = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
  if (!(elements.buffer instanceof SharedArrayBuffer)) return writeBuffer.call(this, buffer, at, data, from, size);
  return writeBuffer.call(this, buffer, at, elements.slice(from, size === undefined ? undefined : from + size));
};

const gpu = {
  requestAdapter: () => dawn.requestAdapter({ powerPreference: "high-performance" }),
  getPreferredCanvasFormat: () => "rgba8unorm",
  wgslLanguageFeatures: new Set(),
};
Object.defineProperty(globalThis, "navigator", {
  value: { gpu, userAgent: "Node.js", hardwareConcurrency: 1, language: "en" },
  configurable: true,
});

paceImmediates();
