// The GPU as commands use it: opened with dawn.node, and with the kernels that `cutgpu tune` found to be the fastest.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Precision, Profile } from "../../engine/device/adapter.js";
import { DEFAULT_FLAGS, openGpu } from "../../engine/open/node.js";
import { paceImmediates } from "../../engine/open/pace-immediates.js";
import { note } from "./terminal/index.js";
import { applyUserTuning } from "./user-tuning.js";

export interface CommandGpuOptions {
  /** Called with one line where the adapter is the bundled software driver's. */
  notify?: (line: string) => void;
  /** Flags of Dawn, in addition to the usual ones. */
  flags?: readonly string[];
  precision?: Precision;
}

/**
 * Opens the best adapter, or with CUTGPU_ADAPTER in the environment the first whose name contains it. Throws an
 * AdapterError where there is none, or none with 16-bit floats for the precision f16.
 */
export async function openCommandGpu(
  profile: Profile | "auto" = "auto",
  { notify = note, flags = [], precision = "f32" }: CommandGpuOptions = {},
): Promise<Gpu> {
  paceImmediates();
  const wanted = process.env["CUTGPU_ADAPTER"];
  const named = wanted ? [`adapter=${wanted}`] : [];
  const gpu = await openGpu({ profile, precision, notify, flags: [...DEFAULT_FLAGS, ...named, ...flags] });
  applyUserTuning(gpu);
  return gpu;
}
