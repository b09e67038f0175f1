// Loaded before the command: its device says that buffers are small. The smallest limit that WebGPU allows is far more
// than a test should fill.
import { globals } from "webgpu";

const BYTES = Number(process.env["BUFFER_BYTES"] ?? 12_000);
const adapter = (globals as { GPUAdapter: { prototype: GPUAdapter } }).GPUAdapter.prototype;
const { requestDevice } = adapter;

adapter.requestDevice = async function (descriptor) {
  const device = await requestDevice.call(this, descriptor);
  const limits = new Proxy(device.limits, {
    get: (target, key) =>
      key === "maxBufferSize" || key === "maxStorageBufferBindingSize" ? BYTES : Reflect.get(target, key, target),
  });
  Object.defineProperty(device, "limits", { value: limits });
  return device;
};
