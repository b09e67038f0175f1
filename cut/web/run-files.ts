// Export and import of runs. Export: a zip that unpacks to runs/NAME, where `cutgpu train --continue_train --name NAME`
// resumes it and `cutgpu translate --model runs/NAME` finds the model. Import: such a zip, the folder of a run, or a
// checkpoint alone.
import { CheckpointError, CutgpuError } from "../../engine/lib/errors.js";
import { completeOptions } from "../options/schema.js";
import { trainSchema } from "../options/train-schema.js";
import { parseCheckpoint } from "../training/checkpoint.js";
import type { RunState } from "../training/run-state.js";
import { contentOf } from "./chosen-content.js";
import { type NamedFile, picturesAmong } from "./picture-files.js";
import { RunStore, withRunLock } from "./store.js";
import { isZip, ZipSource, zipFiles } from "./zip-files.js";

/** A run as a zip, with its pictures where the run's dataroot is its own folder. */
export async function zipRun(store: RunStore): Promise<Blob> {
  const config = JSON.parse((await (await store.read("config.json"))?.text()) ?? "{}") as { dataroot?: string };
  const withPictures = config.dataroot === dataroot(store.name);
  return zipFiles(
    (async function* () {
      for (const path of await store.files()) {
        if (path.startsWith("data/") && !withPictures) continue;
        const content = await store.read(path);
        if (content) yield { path: `${store.name}/${path}`, content };
      }
    })(),
  );
}

/** The pictures of a run that was started here, relative to the folder that holds runs/. */
export const dataroot = (name: string) => `runs/${name}/data`;

/** The name of a run, which becomes a folder's, by a checkpoint from anywhere: checked with its other options. */
function nameOf({ options }: RunState, where: string): string {
  try {
    return completeOptions(trainSchema, { ...options }).name;
  } catch (error) {
    throw error instanceof CutgpuError ? new CheckpointError(`${where}: ${error.message}`, error.fix) : error;
  }
}

/** Files of a run that are imported besides latest.safetensors and its pictures, by their paths in its folder. */
const MORE_FILES = /^((losses|metrics|retrieval|alarms)\.jsonl|samples\/.*|(best|\d+)\.safetensors)$/;
const LATEST = "latest.safetensors";

/**
 * The files of the one run among others, by their paths in its folder: that of the latest.safetensors that is least
 * deep, as archives are unpacked into folders of their name. `where` says in errors what holds them.
 */
function filesOfRun<F extends { path: string }>(files: readonly F[], where: string): Map<string, F> {
  const depth = (path: string) => path.split("/").length;
  const latest = files.filter(({ path }) => `/${path}`.endsWith(`/${LATEST}`));
  const least = Math.min(...latest.map(({ path }) => depth(path)));
  const [first, second] = latest.filter(({ path }) => depth(path) === least);
  if (!first)
    throw new CheckpointError(
      `${where} is no run: it holds no ${LATEST}`,
      "Give a run's folder, runs/NAME, or a zip of it; pictures go into A and B of a new run.",
    );
  if (second) {
    throw new CheckpointError(`${where} holds several runs: ${first.path} and ${second.path}`, "Give one of them.");
  }
  const folder = first.path.slice(0, -LATEST.length);
  const inside = (path: string) => path.slice(folder.length);
  const own = files.filter(({ path }) => path.startsWith(folder));
  const run = own.filter(({ path }) => MORE_FILES.test(inside(path)));
  for (const side of ["trainA", "trainB", "testA", "testB"]) {
    const within = own.filter(({ path }) => inside(path).startsWith(`data/${side}/`));
    if (within.length > 0) run.push(...picturesAmong(within));
  }
  // Last, because it is what makes a folder a run.
  return new Map([...run, first].map((file) => [inside(file.path), file]));
}

/** What a visitor chose or dropped as a run: a zip, a checkpoint alone, or the files of a folder. */
async function chosenRun(chosen: readonly NamedFile[]): Promise<Map<string, NamedFile>> {
  if (chosen.length > 1) return filesOfRun(chosen, "what was chosen");
  const [only] = chosen;
  if (!(await isZip(only))) return new Map([[LATEST, only]]);
  const zip = await ZipSource.open(only);
  const wanted = filesOfRun(zip.files, only.path);
  return filesOfRun(await zip.unpack([...wanted.values()]), only.path);
}

/**
 * Imports a run: its folder, that as a zip, or its checkpoint alone. Returns the name that it gets. Throws a
 * CutgpuError, and stores nothing, where there is no checkpoint or a run of that name is already here.
 */
export async function importRun(chosen: readonly NamedFile[]): Promise<string> {
  const files = await chosenRun(chosen);
  const latest = files.get(LATEST) as NamedFile;
  const { state } = parseCheckpoint(await contentOf(latest), latest.path);
  const name = nameOf(state, latest.path);
  await withRunLock(name, async () => {
    await RunStore.clearLeftover(name);
    if (await RunStore.exists(name)) {
      throw new CutgpuError("RUN_EXISTS", `a run ${name} is already kept here;`, "delete it first.");
    }
    const store = await RunStore.create(name);
    try {
      await store.write("config.json", `${JSON.stringify(state.options, null, 2)}\n`);
      for (const [path, { file }] of files) await store.write(path, file);
    } catch (error) {
      await RunStore.delete(name).catch(() => undefined);
      throw error;
    }
  });
  return name;
}
