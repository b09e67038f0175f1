// Started as a process of its own by bench/node/surroundings.ts: from nothing to the end of the demo's first training
// step, in milliseconds on standard output. The shader caches that drivers keep on disk are where the environment
// says.

import { openCommandGpu } from "../../cut/cli/open-gpu.js";
import { planDemo } from "../../cut/demo/demo-settings.js";
import { makeStep } from "../inputs/random-training-step.js";

const start = performance.now();
const profile = process.argv[2];
const gpu = await openCommandGpu(profile === "gpu" || profile === "software" ? profile : "auto");
const { crop_size: size, ngf, ndf, ...options } = planDemo(gpu.profile, gpu.info.architecture, false).given;
const { run } = makeStep(gpu, { size, ngf, ndf }, options);
await run();
await gpu.finish();
process.stdout.write(`${performance.now() - start}\n`);
gpu.dispose();
