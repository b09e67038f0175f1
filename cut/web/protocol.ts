// The messages between the page and the worker that trains: requests to the worker, and events from it.
import type { LossRow } from "../report/losses.js";
import type { MetricRow } from "../report/metrics.js";
import type { Alarm } from "../training/alarms.js";
import type { NamedFile } from "./picture-files.js";

/** Pictures of a run by the folder that they are kept in. */
export type RunFolders = { readonly [folder in "trainA" | "trainB" | "testA" | "testB"]?: readonly NamedFile[] };

/** Trains a new run with these options on these pictures. */
export interface StartRequest {
  kind: "start";
  name: string;
  given: Record<string, unknown>;
  pictures: RunFolders;
}

/** Resumes a run, up to `steps` steps in total if given. `pictures` are for an imported run without its own. */
export interface ResumeRequest {
  kind: "resume";
  name: string;
  steps: number | null;
  pictures: RunFolders;
}

export type TrainingRequest = StartRequest | ResumeRequest | { kind: "pause" };

/** A sample: a picture of A (`step` null) or its translation after `step` steps. */
export interface Sample {
  label: string;
  step: number | null;
  png: Blob;
}

export type TrainingEvent =
  | { kind: "progress"; text: string }
  /** Losses, alarms and evaluations up to `step` follow. `evaluated` says on what, null where it is not. */
  | { kind: "begun"; step: number; totalSteps: number; evaluated: string | null }
  | { kind: "losses"; rows: LossRow[] }
  | { kind: "metrics"; rows: MetricRow[] }
  | { kind: "alarms"; alarms: readonly Alarm[] }
  | { kind: "sample"; sample: Sample }
  /** A checkpoint; `unsaved` holds its bytes where the storage did not take them. */
  | { kind: "checkpoint"; step: number; unsaved: Uint8Array<ArrayBuffer> | null }
  /** The model of the best evaluation is kept. */
  | { kind: "best" }
  | { kind: "warning"; text: string }
  | { kind: "ended"; reached: boolean; step: number }
  | { kind: "failed"; text: string; step: number | null };
