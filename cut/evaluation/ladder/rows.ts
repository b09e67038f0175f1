// What a ladder measures, as its verdicts, tables and charts read it.
import type { DistortionKind } from "../distortions/ladder-steps.js";
import type { Columns } from "./compared.js";

/** One distortion at one level: means over the pictures. */
export interface LadderRow {
  distortion: string;
  kind: DistortionKind;
  level: string;
  means: Columns;
}

/**
 * How well the own source of a restyled picture is told from the others: the area under the ROC curve, 1 where it is
 * always the nearest, 0.5 for guessing.
 */
export interface Recognition {
  restyling: string;
  areas: Columns;
}
