// A file of JSON lines, one row per step, in the order of steps (Node only). Rows are appended and never rewritten; a
// crash can at worst leave a torn last line. A log of a million rows is hundreds of megabytes, so it is truncated at
// its end and read in pieces, and of a long one only every N-th row is parsed.
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { parsedJson } from "../data/parsed-json.js";
import { withDescriptor, withFileErrors } from "./atomic-files.js";

const NEWLINE = 10;
const PIECE = 2 ** 20;
/** Bytes of a log that are parsed at most, about 100,000 rows of losses. */
const MAX_PARSED = 2 ** 25;

interface Line<Row> {
  row: Row;
  /** Offset of the byte after the line. */
  end: number;
}

export class StepLog<Row extends { step: number }> {
  #descriptor: number | undefined;

  constructor(readonly path: string) {}

  /** Appends one row; values that are not finite are written as null, which JSON allows. */
  append(row: Row): void {
    withFileErrors(this.path, () => {
      this.#descriptor ??= openSync(this.path, "a");
      writeSync(this.#descriptor, `${JSON.stringify(row)}\n`);
    });
  }

  /** Makes the appended rows durable. */
  sync(): void {
    const descriptor = this.#descriptor;
    if (descriptor !== undefined) withFileErrors(this.path, () => fsyncSync(descriptor));
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  get empty(): boolean {
    return !existsSync(this.path) || statSync(this.path).size === 0;
  }

  /** Drops the rows after `step`, which a run that resumes from there writes again, and a torn last line. */
  truncate(step: number): void {
    this.close();
    this.#reading("r+", undefined, (descriptor) => {
      let end = 0;
      for (const line of linesFromEnd<Row>(descriptor)) {
        if (line.row.step > step) continue;
        end = line.end;
        break;
      }
      ftruncateSync(descriptor, end);
      fsyncSync(descriptor);
    });
  }

  /** The last rows, in order; torn lines are left out. */
  last(count: number): Row[] {
    return this.#reading("r", [], (descriptor) => {
      const rows: Row[] = [];
      for (const { row } of linesFromEnd<Row>(descriptor)) {
        if (rows.length === count) break;
        rows.unshift(row);
      }
      return rows;
    });
  }

  /** The first line as it is written; empty where there is none. */
  firstLine(): string {
    return this.#reading("r", "", (descriptor) => {
      const piece = Buffer.alloc(PIECE);
      const length = readSync(descriptor, piece, 0, PIECE, 0);
      const end = piece.subarray(0, length).indexOf(NEWLINE);
      return piece.toString("utf8", 0, end < 0 ? 0 : end);
    });
  }

  /**
   * Reads from the beginning, at most about `maxBytes` bytes of text: of a longer log, `take` gets every N-th row and
   * N as `rows`. Torn lines are left out.
   */
  read(take: (row: Row, rows: number) => void, maxBytes = MAX_PARSED): void {
    this.#reading("r", undefined, (descriptor) => {
      const every = Math.max(1, Math.ceil(fstatSync(descriptor).size / maxBytes));
      const buffer = Buffer.alloc(PIECE);
      let [kept, at, number] = [0, 0, 0];
      for (;;) {
        const length = kept + readSync(descriptor, buffer, kept, PIECE - kept, at);
        if (length === kept) return;
        at += length - kept;
        let from = 0;
        for (let end = buffer.indexOf(NEWLINE); end >= 0 && end < length; end = buffer.indexOf(NEWLINE, from)) {
          const row = number++ % every === 0 ? parsed<Row>(buffer.toString("utf8", from, end)) : null;
          if (row) take(row, every);
          from = end + 1;
        }
        // A line continues in the next piece.
        buffer.copyWithin(0, from, length);
        kept = length - from;
      }
    });
  }

  #reading<T>(flags: string, none: T, work: (descriptor: number) => T): T {
    if (!existsSync(this.path)) return none;
    return withFileErrors(this.path, () => withDescriptor(this.path, flags, work));
  }
}

/** The whole lines of a file, the last one first. */
function* linesFromEnd<Row extends { step: number }>(descriptor: number): Generator<Line<Row>> {
  let at = fstatSync(descriptor).size;
  let tail = Buffer.alloc(0);
  /** Whether a newline follows `tail` in the file. */
  let ended = false;
  while (at > 0) {
    const length = Math.min(at, PIECE);
    const piece = Buffer.alloc(length);
    readSync(descriptor, piece, 0, length, at - length);
    at -= length;
    tail = Buffer.concat([piece, tail]);
    for (let newline = tail.lastIndexOf(NEWLINE); newline >= 0; newline = tail.lastIndexOf(NEWLINE)) {
      const row = ended ? parsed<Row>(tail.toString("utf8", newline + 1)) : null;
      if (row) yield { row, end: at + tail.length + 1 };
      tail = tail.subarray(0, newline);
      ended = true;
    }
  }
  const row = ended ? parsed<Row>(tail.toString("utf8")) : null;
  if (row) yield { row, end: tail.length + 1 };
}

/** A row, or null where the line is torn. */
function parsed<Row extends { step: number }>(line: string): Row | null {
  const row = parsedJson<Row>(line);
  return typeof row?.step === "number" ? row : null;
}
