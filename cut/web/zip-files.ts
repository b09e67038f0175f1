// Zips that the page writes, and those that a visitor opens: its own, or what an operating system packed.
import { Zip, ZipDeflate, ZipPassThrough } from "fflate";
import { COPY_AGAIN } from "../../engine/formats/foreign.js";
import { unzip } from "../../engine/formats/zip.js";
import { CutgpuError, FormatError } from "../../engine/lib/errors.js";
import { contentOf } from "./chosen-content.js";
import { showBytes } from "./dom.js";
import type { NamedFile } from "./picture-files.js";
import { crc32, type DirectoryRecord, directoryRecords } from "./zip-directory.js";

/** What a zip holds whose offsets have 32 bits, less what its directory takes. */
const ZIP_BYTES = 2 ** 32 - 2 ** 24;
/** Bytes from which on browsers do not read a file at once. */
const READ_BYTES = 2 ** 31 - 1;
/** Bytes that are unpacked at once: more would lie in memory twice. */
const PIECE = 2 ** 26;
/**
 * What a zip may unpack to, as a multiple of its size, and at least, in bytes: weights and pictures hardly get smaller
 * when they are packed, logs get a fifth.
 */
const EXPANSION = 16;
const LEAST_ROOM = 2 ** 26;
/** Methods of compression. */
const STORED = 0;
const DEFLATED = 8;

/**
 * Files as one zip, put together piece by piece, so that a large run is not in memory twice. Throws a CutgpuError where
 * they are more than a zip holds.
 */
export async function zipFiles(files: AsyncIterable<{ path: string; content: Blob }>): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let failure: Error | null = null;
  let total = 0;
  const zip = new Zip((error, part) => {
    if (error) failure = error;
    else parts.push(part as Uint8Array<ArrayBuffer>);
  });
  for await (const { path, content } of files) {
    total += content.size;
    if (total > ZIP_BYTES) {
      throw new CutgpuError("SIZE", "the files are more than the 4 GiB that a zip holds;", "download them one by one.");
    }
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

/** Whether a file is a zip, by its first bytes. */
export async function isZip({ path, file }: NamedFile): Promise<boolean> {
  const start = await contentOf({ path, file: file.slice(0, 4) });
  return ["80,75,3,4", "80,75,5,6"].includes(start.join());
}

/** The files in a zip, of which nothing is unpacked before it is asked for. */
export class ZipSource {
  readonly #where: string;
  readonly #bytes: Uint8Array;
  /** The bytes that each file unpacks to, and what the directory says of it, by its name in the zip. */
  readonly #entries = new Map<string, DirectoryRecord & { size: number }>();

  private constructor(where: string, bytes: Uint8Array) {
    this.#where = where;
    this.#bytes = bytes;
    const records = directoryRecords(bytes);
    unzip(bytes, where, ({ name, originalSize }) => {
      const record = records.next().value as DirectoryRecord;
      if (!/[/\\]$/.test(name)) this.#entries.set(name, { ...record, size: originalSize });
      return false;
    });
  }

  /** Throws a FormatError that names the zip where it is cut off or damaged. */
  static async open(zip: NamedFile): Promise<ZipSource> {
    if (zip.file.size < READ_BYTES) return new ZipSource(zip.path, await contentOf(zip));
    throw new FormatError(`${zip.path} is larger than a browser reads at once.`, "Unpack it, and open its folder.");
  }

  /** The files by their names, and by their paths: some packers write backslashes, some "./" before each. */
  get files(): ZippedFile[] {
    const pathOf = (name: string) =>
      name
        .split(/[/\\]/)
        .filter((part) => !["", ".", ".."].includes(part))
        .join("/");
    return Array.from(this.#entries.keys(), (name) => ({ path: pathOf(name), name }));
  }

  /** Unpacks files. Throws a FormatError where one is damaged, or all are larger than the zip lets expect. */
  async unpack(files: readonly ZippedFile[]): Promise<NamedFile[]> {
    const sizeOf = ({ name }: ZippedFile) => this.#entries.get(name)?.size ?? 0;
    const total = files.reduce((sum, file) => sum + sizeOf(file), 0);
    const size = this.#bytes.length;
    if (total > Math.max(EXPANSION * size, LEAST_ROOM)) {
      throw new FormatError(
        `${this.#where} has ${showBytes(size)} and claims to unpack to ${showBytes(total)}, more than can be.`,
        "Unpack it, and open its folder.",
      );
    }
    const unpacked: NamedFile[] = [];
    for (let from = 0, to = 0; from < files.length; from = to) {
      for (let room = PIECE; to < files.length && (to === from || room >= sizeOf(files[to])); to++)
        room -= sizeOf(files[to]);
      const piece = files.slice(from, to);
      const contents = this.#unzip(new Set(piece.map(({ name }) => name)));
      for (const { path, name } of piece)
        unpacked.push({ path, file: new File([contents[name] as Uint8Array<ArrayBuffer>], path) });
      // The page answers in between.
      await new Promise((resolve) => setTimeout(resolve));
    }
    return unpacked;
  }

  #unzip(names: ReadonlySet<string>): Record<string, Uint8Array> {
    const contents = unzip(this.#bytes, this.#where, ({ name, compression }) => {
      if (!names.has(name)) return false;
      const encrypted = this.#entries.get(name)?.encrypted;
      if (!encrypted && (compression === STORED || compression === DEFLATED)) return true;
      throw new FormatError(
        `${this.#where} holds "${name}" ${encrypted ? "encrypted" : "in a compression that is not read here"}.`,
        "Unpack it, and open its folder.",
      );
    });
    for (const [name, content] of Object.entries(contents)) {
      if (crc32(content) === this.#entries.get(name)?.crc) continue;
      throw new FormatError(
        `${this.#where} is damaged: "${name}" is not what was packed, by its check sum.`,
        COPY_AGAIN,
      );
    }
    return contents;
  }
}

/** A file in a zip: its path, and how the zip writes it. */
export interface ZippedFile {
  path: string;
  name: string;
}
