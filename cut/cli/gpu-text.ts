// The GPU in the lines that commands print.
import type { Gpu } from "../../engine/core/gpu.js";

/** "software kernels", f16 where that is stored, and how many choices of a tuning table are active. */
export function describeKernels({ profile, precision, variants: { table } }: Gpu): string {
  const count = Object.keys(table?.choices ?? {}).length;
  return `${profile} kernels${precision === "f16" ? ", f16" : ""}${table ? `, tuned (${count} choices)` : ""}`;
}
