// Losses in the lines that commands print.
import type { LossRow } from "../report/losses.js";

/** The losses that a progress bar has room for. */
const SHOWN = [
  "G_GAN",
  "D_real",
  "D_fake",
  "NCE",
  "NCE_Y",
  "NCE1",
  "NCE2",
  "BYOL",
  "HDCE",
  "G_A",
  "D_A",
  "G_B",
  "D_B",
  "cycle_A",
  "cycle_B",
];

export function describeLosses(row: LossRow): string {
  return SHOWN.filter((name) => name in row)
    .map((name) => `${name} ${row[name].toFixed(3)}`)
    .join(" ");
}
