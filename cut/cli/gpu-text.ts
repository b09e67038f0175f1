// The GPU in the lines that commands print.
import type { Gpu } from "../../engine/device/gpu.js";

/** "software kernels", and how many choices of a tuning table are in force. */
export function describeKernels({ profile, variants: { table } }: Gpu): string {
  const count = Object.keys(table?.choices ?? {}).length;
  return `${profile} kernels${table ? `, tuned (${count} choices)` : ""}`;
}
