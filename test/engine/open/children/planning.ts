// A product on a planningGpu in a process, as in a page, that has opened no engine. Prints its kernel and its shape.
import { matmul, planningGpu } from "../../../../engine/index.js";

const gpu = planningGpu({ profile: "software", subgroupSize: 8 });
gpu.observers.add({ onDispatch: ({ source }) => process.stdout.write(`${source.name} `) });
const x = gpu.empty([8, 8]);
console.log(String(matmul(x, x).shape));
