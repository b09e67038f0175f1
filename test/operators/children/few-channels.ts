// A convolution to three channels on the kernels for GPUs, opened as a page opens its engine: called by itself, and as
// a program. Prints the kernels of each.

import { requestAdapter } from "../../../engine/open/node.js";
import { openGpu } from "../../../engine/open/open.js";
import { conv2d } from "../../../engine/operators/convolution/index.js";
import { record } from "../../../engine/program/program.js";

const gpu = await openGpu({ adapter: (await requestAdapter()) as GPUAdapter, profile: "gpu" });
const [x, w] = [gpu.tensor(new Float32Array(50).fill(1), [1, 2, 5, 5]), gpu.tensor(new Float32Array(54), [3, 2, 3, 3])];
const called: string[] = [];
gpu.observers.add({ onDispatch: ({ source }) => void called.push(source.name) });
await conv2d(x, w).read();
console.log(called.join());
const { program } = await record(gpu, () => conv2d(x, w));
program.replay();
console.log(
  program
    .kernels()
    .map((label) => label.replace(/\(.*/, ""))
    .join(),
);
