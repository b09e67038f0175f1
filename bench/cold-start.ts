// Started as a process of its own by the benchmark: from nothing to the end of the demo's first training step, in
// milliseconds on standard output. The shader caches that drivers keep on disk are where the environment says.

import { openCommandGpu } from "../cut/cli/open-gpu.js";
import { planDemo, smallNetworks } from "../cut/demo/demo-settings.js";
import { makeStep } from "./random-training-step.js";

const start = performance.now();
const profile = process.argv[2];
const gpu = await openCommandGpu(profile === "gpu" || profile === "software" ? profile : "auto");
const { size, ngf, ndf, batch_size } = planDemo(gpu.profile, gpu.info.architecture);
const { run } = makeStep(gpu, { size, ngf, ndf }, { ...smallNetworks, batch_size });
await run();
await gpu.finish();
process.stdout.write(`${performance.now() - start}\n`);
gpu.dispose();
