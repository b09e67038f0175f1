// Provokes an error that WebGPU reports outside of any call. Prints nothing but what the next read throws.

import { BUFFER_MAP_READ, BUFFER_STORAGE } from "../../../../engine/device/webgpu-flags.js";
import { openGpu } from "../../../../engine/open/node.js";

const gpu = await openGpu();
const x = gpu.tensor([1, 2]);
gpu.device.createBuffer({ size: 16, usage: BUFFER_MAP_READ | BUFFER_STORAGE });
await gpu.device.queue.onSubmittedWorkDone();
try {
  await x.read();
} catch (error) {
  console.log(`${(error as Error).name}: ${(error as Error).message}`);
}
