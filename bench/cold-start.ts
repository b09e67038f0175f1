// Started as a process of its own by the benchmark: from nothing to the end of the demo's first training step, in
// milliseconds on standard output. The shader caches that drivers keep on disk are where the environment says.

import { openCommandGpu } from "../cut/cli/open-gpu.js";
import { planDemo } from "../cut/demo/demo-settings.js";
import { makeStep } from "./inputs/random-training-step.js";

const start = performance.now();
const profile = process.argv[2];
const gpu = await openCommandGpu(profile === "gpu" || profile === "software" ? profile : "auto");
const { size, ngf, ndf, batch_size } = planDemo(gpu.profile, gpu.info.architecture);
const networks = { netG: "resnet_4blocks", nce_layers: [0, 4, 8, 12], num_patches: 64, netF_nc: 64 };
const { run } = makeStep(gpu, { size, ngf, ndf }, { ...networks, batch_size });
await run();
await gpu.finish();
process.stdout.write(`${performance.now() - start}\n`);
gpu.dispose();
