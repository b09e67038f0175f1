// What the page and the worker that trains say to each other.
import type { LossRow } from "../report/losses.js";
import type { NamedFile } from "./picture-files.js";

/** From the page. Pictures are given for a new run, and for a run that came without its own; `steps` where a run shall get more. */
export type Wish =
  | { kind: "start"; name: string; given: Record<string, unknown>; A: NamedFile[]; B: NamedFile[] }
  | { kind: "resume"; name: string; steps: number | null; A: NamedFile[]; B: NamedFile[] }
  | { kind: "pause" };

/** A sample: a picture of A (`step` null) or its translation after so many steps. */
export interface Sample {
  label: string;
  step: number | null;
  png: Blob;
}

/** From the worker. */
export type News =
  | { kind: "progress"; text: string }
  | { kind: "begun"; step: number; stepsInAll: number; adapter: string; losses: LossRow[] }
  | { kind: "losses"; rows: LossRow[] }
  | { kind: "sample"; sample: Sample }
  /** A checkpoint; `unsaved` holds its bytes where the storage did not take them. */
  | { kind: "checkpoint"; step: number; unsaved: Uint8Array<ArrayBuffer> | null }
  | { kind: "warning"; text: string }
  | { kind: "ended"; reached: boolean; step: number }
  | { kind: "failed"; text: string; step: number | null };
