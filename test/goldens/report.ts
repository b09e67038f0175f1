// `npm run test:goldens`: every golden case with its error, with both kernel profiles on this adapter.
// The folder is test/goldens/data, or the one that the environment variable GOLDENS names.
import { openGpu } from "../../engine/open/node.js";
import { goldensFolder } from "../support/goldens.js";
import { goldenJobs } from "./all.js";

const jobs = goldenJobs();
let passed = 0;
let failed = 0;
console.log(`goldens of ${goldensFolder}`);
for (const profile of ["software", "gpu"] as const) {
  const gpu = await openGpu({ profile, notify: (message) => console.log(message) });
  console.log(`\n${gpu.info.vendor} ${gpu.info.description || gpu.info.device}, ${profile} kernels`);
  for (const { run } of jobs) {
    for (const { name, error, bound } of await run(gpu)) {
      const good = error <= bound;
      if (good) passed++;
      else failed++;
      console.log(
        `  ${good ? "ok  " : "FAIL"} ${error.toExponential(2).padStart(9)} of ${bound.toExponential(0)}  ${name}`,
      );
    }
  }
  gpu.dispose();
}
if (passed === 0) failed++;
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
