// The progress of a shard of a job, picture by picture, in a file of its own next to the results (Node only):
// manifests/I-of-N.jsonl begins with a line that describes the job, and gets a line for each picture when its result is
// in place. An interrupted shard resumes from it, whatever ended it; one process at a time writes it.
import { appendFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CutgpuError } from "../../engine/lib/errors.js";
import { parsedJson } from "../data/parsed-json.js";
import { type Shard, shardSize } from "../options/shard.js";
import { firstBytes, makeFolder, withFileErrors, writeFileAtomically } from "./atomic-files.js";
import { releaseLock, takeLock, touchLock } from "./lock.js";
import { readText } from "./read-whole.js";

/** What all shards of a job have in common. Hashes are SHA-256. */
export interface ShardJob {
  /** How many pictures the whole list has, and the hash of their names. */
  pictures: number;
  list: string;
  /** The hash of the model file, if there is one. */
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

/** The lock of another machine is stale after this long without a touch. */
const STALE_AFTER = 10 * 60_000;

const manifestsIn = (folder: string) => join(folder, "manifests");
const NAME = /^(\d+)-of-(\d+)\.jsonl$/;

export class ShardManifest {
  /** The last entry of each source. */
  readonly #entries: Map<string, ShardEntry>;
  readonly #path: string;
  readonly #lock: string;
  readonly #release = () => releaseLock(this.#lock);

  private constructor(path: string, lock: string, entries: Map<string, ShardEntry>) {
    this.#path = path;
    this.#lock = lock;
    this.#entries = entries;
  }

  /**
   * Opens or creates the manifest of a shard of the results in `folder`. Throws where another process works on that
   * shard, and where the folder holds manifests of another job or of another number of shards.
   */
  static open(folder: string, { index, count }: Shard, job: ShardJob): ShardManifest {
    makeFolder(manifestsIn(folder));
    const path = join(manifestsIn(folder), `${index}-of-${count}.jsonl`);
    const lock = path.replace(/jsonl$/, "lock");
    for (const { header, file } of readHeaders(folder)) refuseOther(file, header, job, count);
    takeLock(lock, {
      staleAfter: STALE_AFTER,
      refusal: (who) =>
        new CutgpuError(
          "LOCKED",
          `shard ${index} of ${count} is being done by another process${who};`,
          `let it be, or delete ${lock} if you know that it is gone.`,
        ),
    });
    let text = "";
    if (headerOf(path)) text = readText(path);
    else writeFileAtomically(path, line({ shard: index, shards: count, ...job }));
    // Ends a line that a crash left incomplete: the next entry gets its own.
    if (text && !text.endsWith("\n")) appendFileSync(path, "\n");
    const manifest = new ShardManifest(path, lock, entriesOf(text));
    process.once("exit", manifest.#release);
    return manifest;
  }

  /** Whether the picture was done with its present bytes, and the file of its result still exists. */
  isDone(source: string, sha256: string, result: string): boolean {
    const entry = this.#entries.get(source);
    return entry !== undefined && entry.error === undefined && sha256 === entry.sha256 && existsSync(result);
  }

  append(entry: ShardEntry): void {
    this.#entries.set(entry.source, entry);
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
  /** The last entry of each source; a line that a crash left incomplete is skipped. */
  entries: Map<string, ShardEntry>;
}

/** The manifests in a folder of results, in the order of shards. */
export function readManifests(folder: string): Manifest[] {
  return readHeaders(folder).map(({ file, header }) => {
    return { file, header, entries: entriesOf(readText(file)) };
  });
}

/** The headers of the files in a folder of results that are manifests. */
function readHeaders(folder: string): Omit<Manifest, "entries">[] {
  const place = manifestsIn(folder);
  if (!existsSync(place)) return [];
  const files = withFileErrors(place, () => readdirSync(place)).filter((name) => NAME.test(name));
  const headers = files.flatMap((name) => {
    const file = join(place, name);
    const header = headerOf(file);
    return header ? [{ file, header }] : [];
  });
  return headers.sort((a, b) => a.header.shard - b.header.shard);
}

/** The header of a file; null where there is no such file or it is no manifest. */
function headerOf(file: string): Header | null {
  if (!existsSync(file)) return null;
  // Far more bytes than a header has.
  const beginning = withFileErrors(file, () => firstBytes(file, 2 ** 16)).toString();
  const header = parsedJson<Header>(beginning.split("\n", 1)[0]);
  return header?.shards ? header : null;
}

function entriesOf(manifest: string): Map<string, ShardEntry> {
  const entries = manifest.split("\n").slice(1);
  return new Map(entries.flatMap((text) => parsedJson<ShardEntry>(text) ?? []).map((entry) => [entry.source, entry]));
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

/** The state of a whole job. */
export interface MergedShards {
  job: ShardJob;
  shards: number;
  /** All entries but those whose results are gone, in the order of sources. */
  entries: ShardEntry[];
  /** Shards with missing or failed pictures. */
  incomplete: number[];
  /** Pictures that no shard has tried yet, or whose results are gone. */
  missing: number;
}

/** Joins the manifests of a folder of results. Throws where there are none, or where they belong to different jobs. */
export function mergeManifests(folder: string): MergedShards {
  const manifests = readManifests(folder);
  if (manifests.length === 0) {
    const fix = "Give the --out of translate or evaluate with --shard.";
    throw new CutgpuError("MANIFEST", `${folder} holds no manifests of shards.`, fix);
  }
  const { shard: _, shards, ...job } = manifests[0].header;
  for (const { file, header } of manifests) refuseOther(file, header, job, shards);
  const isThere = ({ to, error }: ShardEntry) => error !== undefined || existsSync(join(folder, to));
  const done = new Map(manifests.map(({ header, entries }) => [header.shard, [...entries.values()].filter(isThere)]));
  const isWhole = (shard: number) => {
    const entries = done.get(shard) ?? [];
    return (
      entries.length === shardSize(job.pictures, { index: shard, count: shards }) &&
      entries.every(({ error }) => error === undefined)
    );
  };
  const entries = [...done.values()].flat();
  entries.sort((a, b) => (a.source < b.source ? -1 : 1));
  return {
    job,
    shards,
    entries,
    incomplete: Array.from({ length: shards }, (_, i) => i + 1).filter((shard) => !isWhole(shard)),
    missing: job.pictures - entries.length,
  };
}
