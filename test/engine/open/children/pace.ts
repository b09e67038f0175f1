// Waits for a GPU that has work for a while, and prints how often the loop of immediates came round freely meanwhile,
// how long it waited, and of what kind an immediate of the app's own was.
import { profileOf } from "../../../../engine/device/adapter.js";
import { matmul } from "../../../../engine/index.js";
import { openGpu } from "../../../../engine/open/node.js";

const immediate = globalThis.setImmediate;
let rounds = 0;
const counted = (callback: () => void) => {
  rounds++;
  return immediate(callback);
};
globalThis.setImmediate = Object.assign(counted, { __promisify__: immediate.__promisify__ }) as typeof setImmediate;

const gpu = await openGpu();
const software = profileOf(gpu.info) === "software";
const x = gpu.tensor(new Float32Array(1024 * 1024).fill(1), [1024, 1024]);
await gpu.finish();
rounds = 0;
const begin = performance.now();
gpu.scope(() => {
  for (let i = 0; i < 4; i++) matmul(x, x);
});
let own = "";
const waiting = gpu.finish();
setTimeout(() => {
  own = setImmediate(() => {}).constructor.name;
}, 20);
await waiting;
console.log(JSON.stringify({ software, rounds, ms: performance.now() - begin, own }));
