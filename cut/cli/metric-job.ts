// The common part of the three jobs of `cutgpu metric`: pictures are found and checked first, and all is computed
// before anything is written.
import type { Gpu } from "../../engine/core/gpu.js";
import type { NamedFiles } from "../files/output.js";
import type { EncoderChoice } from "./metric-encoder.js";

/** Options of all jobs. */
export interface MetricSettings {
  /** What --model names; null where the encoder is trained on the pictures. */
  model: string | null;
  /** Pixels within which patches may move; null where none were given. */
  window: number | null;
  /** Maximum number of compared positions of a layer; null where no number was given. */
  positions: number | null;
  /** Pixels a side to which pictures are scaled; null for as they are. */
  size: number | null;
}

export interface MetricResult {
  /** Text for the terminal. */
  text: string;
  json: object;
  /** Absent where there is none. */
  page?(): Promise<string>;
}

export interface MetricJob {
  /** Files that are read, which no output may replace. */
  reading: NamedFiles[];
  /** Pixels of the shorter side of the pictures. */
  side: number;
  run(gpu: Gpu, choice: EncoderChoice): Promise<MetricResult>;
}
