// `npm run measure:translate -- MODEL FOLDER [ROUNDS]`: a folder's pictures, the first 60, as `cutgpu translate` makes
// them, file to file, compared with the sum of their forward passes (upload, generator, read back) from memory,
// interleaved. The ratio of wall times shows the cost of reading, decoding, encoding and writing; CPU times are the
// process's, which on a software adapter includes the GPU's work, and are valid even if others use the machine.
import { basename, join } from "node:path";
import { describeKernels } from "../../cut/cli/gpu-text.js";
import { openCommandGpu } from "../../cut/cli/open-gpu.js";
import { translatePictures } from "../../cut/cli/translate-pictures.js";
import { translationNames } from "../../cut/data/file-names.js";
import type { Picture } from "../../cut/data/picture.js";
import { readPicture } from "../../cut/files/decode.js";
import { listPictures } from "../../cut/files/picture-folder.js";
import { readWhole } from "../../cut/files/read-whole.js";
import { loadGenerator } from "../../cut/training/generator-file.js";
import { TiledTranslator } from "../../cut/translation/tiled-translator.js";
import { Translator } from "../../cut/translation/translator.js";
import { adapterName } from "../../engine/device/adapter.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import { timingOf } from "../measurement/measure.js";
import { runScriptInFolder } from "./script.js";

const MOST = 60;
const KINDS = ["in memory", "folder"] as const;

await runScriptInFolder("cutgpu-translate-", async (out) => {
  const [model, input, rounds = "3"] = process.argv.slice(2);
  if (!model || !input || !(Number(rounds) >= 1)) {
    throw new CutgpuError("OPTIONS", "a model and a folder of pictures are needed", "Give them as `-- MODEL FOLDER`.");
  }
  const gpu = await openCommandGpu();
  const generator = loadGenerator(gpu, readWhole(model), model);
  const files = (await listPictures(input)).slice(0, MOST);
  const channels = generator.architecture.input_nc as 1 | 3;
  const pictures = await Promise.all(files.map((file) => readPicture(file, channels)));
  const names = files.map((file) => basename(file));
  const targets = translationNames(names);
  const jobs = files.map((from, i) => ({ from, to: join(out, targets[i]), source: names[i], target: targets[i] }));
  const tiled = new TiledTranslator(gpu, generator);
  const work = { gpu, generator, tiled, size: null, signal: new AbortController().signal, manifest: null };
  const inMemory = async (some: readonly Picture[]) => {
    const translator = new Translator(gpu, generator);
    for (const picture of some) await translator.translate(picture);
    translator.dispose();
  };
  const runs = {
    "in memory": () => inMemory(pictures),
    folder: () => translatePictures(jobs, { ...work, translator: new Translator(gpu, generator) }),
  };
  await inMemory(pictures.slice(0, 1)); // Kernels are compiled once.
  const { width, height } = pictures[0];
  process.stdout.write(
    `${adapterName(gpu)}, ${describeKernels(gpu)}; ${files.length} pictures of ${width} x ${height}\n`,
  );
  const samples = new Map(KINDS.map((kind) => [kind, { wall: [] as number[], cpu: [] as number[] }]));
  for (let round = 0; round < Number(rounds); round++) {
    for (const kind of round % 2 === 0 ? KINDS : [...KINDS].reverse()) {
      const [begun, cpu] = [performance.now(), process.cpuUsage()];
      await runs[kind]();
      const { user, system } = process.cpuUsage(cpu);
      const row = { wall: (performance.now() - begun) / 1000, cpu: (user + system) / 1e6 };
      for (const name of ["wall", "cpu"] as const) samples.get(kind)![name].push(row[name]);
      process.stdout.write(`${kind}: ${row.wall.toFixed(2)} s, ${row.cpu.toFixed(2)} s of CPU\n`);
    }
  }
  gpu.dispose();
  const median = (kind: (typeof KINDS)[number], of: "wall" | "cpu") => timingOf(samples.get(kind)![of]).median;
  for (const of of ["wall", "cpu"] as const) {
    const ratio = median("folder", of) / median("in memory", of);
    const rate = files.length / median("folder", of);
    process.stdout.write(`${of}: folder / in memory ${ratio.toFixed(3)}, ${rate.toFixed(2)} pictures/s\n`);
  }
});
