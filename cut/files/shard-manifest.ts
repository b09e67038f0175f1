// What a shard of a job has done, picture by picture, in a file of its own beside the results (Node only):
// manifests/I-of-N.jsonl begins with a line that tells the job, and gets a line for each picture when its result is in
// place. A shard that was interrupted goes on from it, whatever ended it; a process at a time writes it.
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CutgpuError } from "../../engine/core/errors.js";
import { type Shard, shardSize } from "../options/shard.js";
import { makeFolder, withFileErrors, writeFileAtomically } from "./atomic-files.js";
import { releaseLock, takeLock, touchLock } from "./lock.js";

/** What all shards of a job have in common. Hashes are SHA-256. */
export interface ShardJob {
  /** How many pictures the whole list has, and the hash of their names. */
  pictures: number;
  list: string;
  /** The hash of the model file. */
  model: string;
  options: Readonly<Record<string, string>>;
}

/** One picture, by its path in the input folder. */
export interface ShardEntry {
  source: string;
  sha256: string;
  /** The path of its result in the output folder. */
  to: string;
  milliseconds: number;
  /** Why there is no result. */
  error?: string;
}

interface Header extends ShardJob {
  shard: number;
  shards: number;
}

/** A lock of another machine that was not touched for so long is of a process that is gone. */
const STALE_AFTER = 10 * 60_000;

const manifestsIn = (folder: string) => join(folder, "manifests");
const NAME = /^(\d+)-of-(\d+)\.jsonl$/;

export class ShardManifest {
  /** The last entry of each source. */
  readonly entries: Map<string, ShardEntry>;
  readonly #path: string;
  readonly #lock: string;
  readonly #release = () => releaseLock(this.#lock);

  private constructor(path: string, lock: string, entries: readonly ShardEntry[]) {
    this.#path = path;
    this.#lock = lock;
    this.entries = new Map(entries.map((entry) => [entry.source, entry]));
  }

  /**
   * Opens or begins the manifest of a shard of the results in `folder`. Throws where another process does that shard,
   * and where the folder holds manifests of another job or of another number of shards.
   */
  static open(folder: string, { index, count }: Shard, job: ShardJob): ShardManifest {
    makeFolder(manifestsIn(folder));
    const path = join(manifestsIn(folder), `${index}-of-${count}.jsonl`);
    const lock = path.replace(/jsonl$/, "lock");
    for (const { header, file } of readManifests(folder)) refuseOther(file, header, job, count);
    takeLock(lock, {
      staleAfter: STALE_AFTER,
      refusal: (who) =>
        new CutgpuError(
          "LOCKED",
          `shard ${index} of ${count} is being done by another process${who};`,
          `let it be, or delete ${lock} if you know that it is gone.`,
        ),
    });
    if (!existsSync(path)) writeFileAtomically(path, line({ shard: index, shards: count, ...job }));
    // The next entry does not go on with a line that a crash tore.
    else if (!readFileSync(path, "utf8").endsWith("\n")) appendFileSync(path, "\n");
    const manifest = new ShardManifest(path, lock, readManifest(path)?.entries ?? []);
    process.once("exit", manifest.#release);
    return manifest;
  }

  append(entry: ShardEntry): void {
    this.entries.set(entry.source, entry);
    withFileErrors(this.#path, () => appendFileSync(this.#path, line(entry)));
    touchLock(this.#lock);
  }

  close(): void {
    process.off("exit", this.#release);
    this.#release();
  }
}

const line = (value: object) => `${JSON.stringify(value)}\n`;

interface Manifest {
  file: string;
  header: Header;
  entries: ShardEntry[];
}

/** The manifests in a folder of results, in the order of shards. */
export function readManifests(folder: string): Manifest[] {
  const place = manifestsIn(folder);
  if (!existsSync(place)) return [];
  const names = withFileErrors(place, () => readdirSync(place)).filter((name) => NAME.test(name));
  const read = names.flatMap((name) => readManifest(join(place, name)) ?? []);
  return read.sort((a, b) => a.header.shard - b.header.shard);
}

/** A manifest, or null where the first line is none. A last line that a crash tore is left out. */
function readManifest(file: string): Manifest | null {
  const [first, ...others] = withFileErrors(file, () => readFileSync(file, "utf8")).split("\n");
  const header = parsed<Header>(first);
  if (!header?.shards) return null;
  return { file, header, entries: others.flatMap((text) => parsed<ShardEntry>(text) ?? []) };
}

function parsed<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}

function refuseOther(file: string, header: Header, job: ShardJob, count: number): void {
  const option = Object.keys(job.options).find((name) => header.options[name] !== job.options[name]);
  const now = `${header.pictures} pictures where the folder now has ${job.pictures}, or other names`;
  const differences: [differs: boolean, what: string][] = [
    [header.shards !== count, `is of ${header.shards} shards`],
    [header.list !== job.list, `lists ${now}`],
    [header.model !== job.model, "is of another model"],
    [option !== undefined, `is of another --${option}`],
  ];
  const [, what] = differences.find(([differs]) => differs) ?? [];
  if (what === undefined) return;
  throw new CutgpuError(
    "MANIFEST",
    `${file} ${what};`,
    "give another --out, or delete the folder manifests there to begin anew.",
  );
}

/** What is known of a whole job. */
export interface MergedShards {
  job: ShardJob;
  shards: number;
  /** All that was done, by the order of sources. */
  entries: ShardEntry[];
  /** Shards of which something is missing or failed. */
  incomplete: number[];
  /** Pictures that no shard has tried yet. */
  missing: number;
}

/** Joins the manifests of a folder of results. Throws where there are none, or where they are of different jobs. */
export function mergeManifests(folder: string): MergedShards {
  const manifests = readManifests(folder);
  if (manifests.length === 0) {
    const fix = "Give the --out of translate --shard.";
    throw new CutgpuError("MANIFEST", `${folder} holds no manifests of shards.`, fix);
  }
  const { shard: _, shards, ...job } = manifests[0].header;
  for (const { file, header } of manifests) refuseOther(file, header, job, shards);
  const done = new Map(
    manifests.map(({ header, entries }) => [header.shard, new Map(entries.map((entry) => [entry.source, entry]))]),
  );
  const all = Array.from({ length: shards }, (_, i) => i + 1);
  const isWhole = (shard: number) => {
    const entries = [...(done.get(shard)?.values() ?? [])];
    return (
      entries.length === shardSize(job.pictures, { index: shard, count: shards }) &&
      entries.every(({ error }) => error === undefined)
    );
  };
  const entries = [...done.values()].flatMap((of) => [...of.values()]);
  entries.sort((a, b) => (a.source < b.source ? -1 : 1));
  return {
    job,
    shards,
    entries,
    incomplete: all.filter((shard) => !isWhole(shard)),
    missing: job.pictures - entries.length,
  };
}
