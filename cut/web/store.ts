// Runs in the browser's own storage (OPFS), laid out as the command lays out a run folder (cut/files/run-folder.ts), so
// that a run can be carried from one to the other: config.json, latest.safetensors, best.safetensors, losses.jsonl,
// alarms.jsonl, metrics.jsonl, samples/, and the pictures under data/, because a page loses the visitor's files when it
// is reloaded: trainA, trainB and, for an evaluated run, testA and testB. Writes are atomic: a writable stream replaces
// the file when it is closed. Works in pages and in workers.
import { CutgpuError } from "../../engine/lib/errors.js";
import { parsedJson } from "../data/parsed-json.js";
import { contentOf } from "./chosen-content.js";
import type { NamedFile } from "./picture-files.js";

/** The folder of runs in OPFS, named as the command's default runs_dir. */
const RUNS = "runs";
/** Bytes of a log that are read at once. */
const PIECE = 2 ** 22;

export class RunStore {
  private constructor(
    readonly name: string,
    readonly folder: FileSystemDirectoryHandle,
  ) {}

  /** The names of the runs that are kept, sorted. */
  static async list(): Promise<string[]> {
    const names: string[] = [];
    for await (const [name] of entriesOf(await runsFolder())) names.push(name);
    return names.sort();
  }

  /** Makes the folder of a new run. */
  static async create(name: string): Promise<RunStore> {
    return new RunStore(name, await withStorageErrors((await runsFolder()).getDirectoryHandle(name, { create: true })));
  }

  /** Opens a run. Throws a CutgpuError where there is none: another tab may have deleted it. */
  static async open(name: string): Promise<RunStore> {
    if (await RunStore.exists(name)) return RunStore.create(name);
    throw new CutgpuError(
      "NO_RUN",
      `the run ${name} is no longer kept here;`,
      "reload the page to see those that are.",
    );
  }

  /** Whether a run of that name is stored. */
  static async exists(name: string): Promise<boolean> {
    return (await RunStore.list()).includes(name);
  }

  static async delete(name: string): Promise<void> {
    await withStorageErrors((await runsFolder()).removeEntry(name, { recursive: true }));
  }

  /**
   * Deletes what is left of a run that was cut off before its first checkpoint, or in the midst of an import, which
   * writes latest.safetensors last. Only for who holds the run's lock: another tab may be about to write it.
   */
  static async clearLeftover(name: string): Promise<void> {
    if (!(await RunStore.exists(name))) return;
    const latest = await (await RunStore.open(name)).read("latest.safetensors");
    if (!latest) await RunStore.delete(name);
  }

  /** Deletes what is left of all runs that were cut off so, but of none that a tab is at work on. */
  static async clearLeftovers(): Promise<void> {
    for (const name of await RunStore.list())
      await withRunLock(name, () => RunStore.clearLeftover(name)).catch(() => undefined);
  }

  /** Writes a file atomically; creates the folders on its path. Names a chosen file that cannot be read. */
  async write(path: string, content: Blob | Uint8Array<ArrayBuffer> | string): Promise<void> {
    const { folder, name } = await this.#place(path, true);
    const stream = await withStorageErrors(
      folder.getFileHandle(name, { create: true }).then((f) => f.createWritable()),
    );
    try {
      await stream.write(content);
      await stream.close();
    } catch (error) {
      await stream.abort().catch(() => undefined);
      const gone = /^Not(Found|Readable)Error$/.test((error as Error).name);
      if (gone && content instanceof File) await contentOf({ path: content.name, file: content });
      throw storageError(error);
    }
  }

  /** A file of the run, or null where there is none. */
  async read(path: string): Promise<File | null> {
    try {
      const { folder, name } = await this.#place(path, false);
      return await (await folder.getFileHandle(name)).getFile();
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotFoundError") return null;
      throw storageError(error);
    }
  }

  /** The paths of all files below a folder of the run, in code-unit order; none where there is no such folder. */
  async files(below = ""): Promise<string[]> {
    const found: string[] = [];
    const walk = async (folder: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
      for await (const [name, handle] of entriesOf(folder)) {
        if (handle.kind === "file") found.push(prefix + name);
        else await walk(handle as FileSystemDirectoryHandle, `${prefix}${name}/`);
      }
    };
    try {
      await walk((await this.#place(`${below}/x`, false)).folder, below && `${below}/`);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "NotFoundError")) throw storageError(error);
    }
    return found.sort();
  }

  /** Copies pictures into a folder of data/, such as trainA, in place of those that were there. */
  async keepPictures(name: string, pictures: readonly NamedFile[], onCopy: () => void): Promise<void> {
    const { folder } = await this.#place("data/x", true);
    await folder.removeEntry(name, { recursive: true }).catch(() => undefined);
    for (const { path, file } of pictures) {
      await this.write(`data/${name}/${path}`, file);
      onCopy();
    }
  }

  /** Appends to a file atomically. */
  async append(path: string, text: string): Promise<void> {
    const before = (await this.read(path)) ?? new Blob();
    await this.write(path, new Blob([before, text]));
  }

  /**
   * Passes the rows of a log, such as losses.jsonl, up to the step `last` to `take`, piece by piece; returns the bytes
   * of their lines.
   */
  async readLog<Row extends { step: number }>(
    path: string,
    last: number,
    take: (rows: Row[]) => void,
  ): Promise<number> {
    const file = await this.read(path);
    let [bytes, rest] = [0, ""];
    // Lines of our logs have as many bytes as characters.
    for (let at = 0; file && at < file.size; at += PIECE) {
      const lines = (rest + (await file.slice(at, at + PIECE).text())).split("\n");
      rest = lines.pop()!;
      const rows: Row[] = [];
      for (const line of lines) {
        const row = parsedJson<Row>(line);
        if (!row || row.step > last) break;
        rows.push(row);
        bytes += line.length + 1;
      }
      take(rows);
      if (rows.length < lines.length) break;
    }
    return bytes;
  }

  /** The rows of a log up to the step `last`. */
  async rowsOf<Row extends { step: number }>(path: string, last: number): Promise<Row[]> {
    const pieces: Row[][] = [];
    await this.readLog<Row>(path, last, (rows) => pieces.push(rows));
    return pieces.flat();
  }

  /** As readLog, and drops the rest of the log, which a resumed run writes again. */
  async cutLog<Row extends { step: number }>(path: string, last: number, take: (rows: Row[]) => void): Promise<void> {
    const bytes = await this.readLog<Row>(path, last, take);
    const file = await this.read(path);
    if (file && bytes < file.size) await this.write(path, file.slice(0, bytes));
  }

  async #place(path: string, create: boolean): Promise<{ folder: FileSystemDirectoryHandle; name: string }> {
    const parts = path.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
    const name = parts.pop() ?? "";
    let folder = this.folder;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create });
    return { folder, name };
  }
}

/**
 * Does work on a run that no other tab may do at the same time: two that write it would write over each other's files.
 * Throws a CutgpuError where another is at it.
 */
export async function withRunLock(name: string, work: () => Promise<void>): Promise<void> {
  // Asked first: a browser that gives no storage refuses locks as well, without saying why.
  await runsFolder();
  await navigator.locks.request(`cutgpu run ${name}`, { ifAvailable: true }, async (held) => {
    if (held) return work();
    throw new CutgpuError("LOCKED", `the run ${name} is in use, perhaps in another tab;`, "pause it there, or wait.");
  });
}

async function runsFolder(): Promise<FileSystemDirectoryHandle> {
  if (!navigator.storage?.getDirectory) throw noStorage("use a window that is not private, or a newer browser.");
  const root = await withStorageErrors(navigator.storage.getDirectory());
  return withStorageErrors(root.getDirectoryHandle(RUNS, { create: true }));
}

/** The entries of a folder; TypeScript keeps their iterator in a library of its own. */
function entriesOf(folder: FileSystemDirectoryHandle): AsyncIterable<[string, FileSystemHandle]> {
  return folder as unknown as AsyncIterable<[string, FileSystemHandle]>;
}

async function withStorageErrors<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw storageError(error);
  }
}

const noStorage = (fix: string) => new CutgpuError("STORAGE", "this browser gives the page no storage for runs;", fix);

/** The storage's error as a message for visitors. Errors of our own pass through. */
function storageError(error: unknown): unknown {
  if (!(error instanceof DOMException)) return error;
  if (error.name === "SecurityError") {
    return noStorage("allow this site to store data (cookies) in its settings, or use a window that is not private.");
  }
  if (error.name === "QuotaExceededError") {
    return new CutgpuError(
      "STORAGE_FULL",
      "the storage that the browser gives this page is full;",
      "delete runs that are no longer needed, or free space on the disk.",
    );
  }
  return new CutgpuError(
    "STORAGE",
    `the browser's storage failed (${error.message.replace(/\.$/, "")});`,
    "reload the page.",
  );
}
