// `npm run compare:methods`, optionally followed by `-- STEPS SEED`: the table of all methods on the demo's drawings
// at 64 x 64 (docs/method.md, section 4.1), 100 of each side to learn from and 40 held out. 300 steps of all take some
// ten minutes on a processor.
import { join } from "node:path";
import { describeKernels } from "../../cut/cli/gpu-text.js";
import { openCommandGpu } from "../../cut/cli/open-gpu.js";
import { drawOpenMoji } from "../../cut/demo/openmoji.js";
import { readPicture } from "../../cut/files/decode.js";
import { listPictures } from "../../cut/files/picture-folder.js";
import { adapterName } from "../../engine/device/adapter.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import { compareMethods, METHODS, type MethodName, TABLE_HEAD, tableRow } from "../compare-methods.js";
import { runScriptInFolder } from "./script.js";

const SIZE = 64;
const DRAWINGS = 100;
const [steps = 300, seed = 1] = process.argv.slice(2).map(Number);

await runScriptInFolder("cutgpu-compare-", async (folder) => {
  if (!(Number.isInteger(steps) && steps > 0 && Number.isInteger(seed) && seed >= 0))
    throw new CutgpuError("OPTIONS", "steps and seed must be whole numbers", "Give them as `-- 300 1`.");
  const gpu = await openCommandGpu();
  const calledOff = new AbortController().signal;
  const drawn = await drawOpenMoji(folder, { count: DRAWINGS, sizes: [SIZE] }, () => undefined, calledOff);
  const [filesA, filesB] = await Promise.all(["trainA", "trainB"].map((side) => listPictures(join(folder, side))));
  const heldOut = await Promise.all(
    drawn.map(async ({ hexcode }) => ({
      input: await readPicture(join(folder, "testA", `${hexcode}.png`), 3),
      truth: await readPicture(join(folder, "testB", `${hexcode}.png`), 3),
    })),
  );
  process.stdout.write(`${adapterName(gpu)}, ${describeKernels(gpu)}; ${steps} steps, seed ${seed}\n\n${TABLE_HEAD}`);
  const pictures = { filesA, filesB, read: readPicture, heldOut };
  const methods = Object.keys(METHODS) as MethodName[];
  for await (const row of compareMethods(gpu, pictures, { methods, steps, seed, size: SIZE })) {
    process.stdout.write(tableRow(row));
  }
  gpu.dispose();
});
