// The GPU in the lines that commands print.
import type { Gpu } from "../../engine/device/gpu.js";

/** Vendor and device, as people call the adapter. */
export function describeAdapter({ info }: Gpu): string {
  const device = info.description || info.device || info.architecture;
  return [info.vendor, device].filter(Boolean).join(" ");
}

/** "software kernels", and how many choices of a tuning table are in force. */
export function describeKernels({ profile, tuning }: Gpu): string {
  const count = Object.keys(tuning?.choices ?? {}).length;
  return `${profile} kernels${tuning ? `, tuned (${count} choices)` : ""}`;
}
