// Collects garbage while the GPU works: Dawn crashes if what create() returned is collected, unless somebody holds it.

import * as engine from "../../../../engine/index.js";
import { openGpu } from "../../../../engine/open/node.js";

const collect = (globalThis as { gc?: () => void }).gc as () => void;
const gpu = await openGpu();
const x = gpu.tensor(new Float32Array(1000).fill(1));
for (let i = 0; i < 30; i++) {
  collect();
  const sum = gpu.scope(() => engine.sum(engine.scale(x, i)));
  const reading = sum.item();
  collect();
  await new Promise((resolve) => setTimeout(resolve, 1));
  if ((await reading) !== 1000 * i) throw new Error("a wrong sum");
  sum.dispose();
}
console.log("alive");
