// Provokes an error that WebGPU reports outside of any call. Prints nothing but what the next read throws.

import { openGpu } from "../../../../engine/device/node.js";
import { BufferUsage } from "../../../../engine/device/webgpu-flags.js";

const gpu = await openGpu();
const x = gpu.tensor([1, 2]);
gpu.device.createBuffer({ size: 16, usage: BufferUsage.MAP_READ | BufferUsage.STORAGE });
await gpu.device.queue.onSubmittedWorkDone();
try {
  await x.read();
} catch (error) {
  console.log(`${(error as Error).name}: ${(error as Error).message}`);
}
