// Export and import of runs. Export: a zip that unpacks to runs/NAME, where `cutgpu train --continue_train --name NAME`
// resumes it and `cutgpu translate --model runs/NAME` finds the model. Import: a run folder or a checkpoint that the
// command wrote.
import { Zip, ZipDeflate, ZipPassThrough } from "fflate";
import { CheckpointError, CutgpuError } from "../../engine/core/errors.js";
import { completeOptions } from "../options/schema.js";
import { trainSchema } from "../options/train-schema.js";
import { parseCheckpoint } from "../training/checkpoint.js";
import type { RunState } from "../training/run-state.js";
import { type NamedFile, picturesAmong } from "./picture-files.js";
import { RunStore } from "./store.js";

/** Files as one zip, put together piece by piece, so that a large run is not in memory twice. */
export async function zipFiles(files: AsyncIterable<{ path: string; content: Blob }>): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let failure: Error | null = null;
  const zip = new Zip((error, part) => {
    if (error) failure = error;
    else parts.push(part as Uint8Array<ArrayBuffer>);
  });
  for await (const { path, content } of files) {
    // Pictures and weights do not get smaller; lines of losses do.
    const entry = /\.(jsonl?|html)$/.test(path) ? new ZipDeflate(path, { level: 6 }) : new ZipPassThrough(path);
    zip.add(entry);
    entry.push(new Uint8Array(await content.arrayBuffer()), true);
    if (failure) throw failure;
  }
  zip.end();
  if (failure) throw failure;
  return new Blob(parts, { type: "application/zip" });
}

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

/**
 * Imports a run that the command wrote: its folder, or its checkpoint alone. Returns the name that it gets. Throws a
 * CutgpuError, and stores nothing, where there is no checkpoint or a run of that name is already here.
 */
export async function importRun(files: readonly NamedFile[]): Promise<string> {
  const inFolder = (path: string) => path.slice(path.indexOf("/") + 1);
  const latest = files.length === 1 ? files[0] : files.find(({ path }) => inFolder(path) === "latest.safetensors");
  if (!latest) {
    throw new CheckpointError(
      "this folder is no run: it holds no latest.safetensors",
      "Give the folder of a run, runs/NAME.",
    );
  }
  const bytes = new Uint8Array(await latest.file.arrayBuffer());
  const { state } = parseCheckpoint(bytes, latest.path);
  const name = nameOf(state, latest.path);
  if (await RunStore.exists(name)) {
    throw new CutgpuError("RUN_EXISTS", `a run ${name} is already kept here;`, "delete it first.");
  }
  const store = await RunStore.create(name);
  try {
    await store.write("config.json", `${JSON.stringify(state.options, null, 2)}\n`);
    for (const { path, file } of files.length === 1 ? [] : files) {
      const inside = inFolder(path);
      if (/^((losses|metrics|retrieval|alarms)\.jsonl|samples\/.*|(best|\d+)\.safetensors)$/.test(inside))
        await store.write(inside, file);
    }
    for (const folder of ["trainA", "trainB", "testA", "testB"]) {
      const inside = files.filter(({ path }) => inFolder(path).startsWith(`data/${folder}/`));
      if (inside.length === 0) continue;
      for (const { path, file } of picturesAmong(inside)) await store.write(inFolder(path), file);
    }
    // Last, because it is what makes a folder a run.
    await store.write("latest.safetensors", bytes);
  } catch (error) {
    await RunStore.delete(name).catch(() => undefined);
    throw error;
  }
  return name;
}
