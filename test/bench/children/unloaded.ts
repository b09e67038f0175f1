// Whether filters find rows of the benchmark where no kernel has been loaded on demand, as on the page on a GPU.
import { chooseCases } from "../../../bench/index.js";
import { planningGpu } from "../../../engine/index.js";

const gpu = planningGpu({ profile: "gpu", subgroupSize: 32 });
for (const filter of ["winograd", "skinny", "broadcast"]) {
  console.log(`${filter} ${chooseCases(gpu, { suites: ["kernels"], filter }).length > 0}`);
}
