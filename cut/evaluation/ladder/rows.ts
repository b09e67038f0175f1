// The measurements of a ladder, for its criteria, tables and charts.
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
 * How well the source of a restyled picture is distinguished from the others: the area under the ROC curve, 1 where it
 * is always the nearest, 0.5 for guessing.
 */
export interface Recognition {
  restyling: string;
  areas: Columns;
}
