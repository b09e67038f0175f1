// The GPU as commands use it: opened with dawn.node, and with the kernels that `cutgpu tune` found to be the fastest.
import type { Profile } from "../../engine/device/adapter.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { DEFAULT_FLAGS, openGpu } from "../../engine/device/node.js";
import { paceImmediates } from "./pace-immediates.js";
import { note } from "./terminal/index.js";
import { applyUserTuning } from "./user-tuning.js";

/**
 * Opens the best adapter, or with CUTGPU_ADAPTER in the environment the first that has it in its name. `notify` is told
 * in one line where it is that of the bundled software driver. `flags` are Dawn's, beside the usual ones.
 */
export async function openCommandGpu(
  profile: Profile | "auto" = "auto",
  notify = note,
  flags: readonly string[] = [],
): Promise<Gpu> {
  paceImmediates();
  const wanted = process.env["CUTGPU_ADAPTER"];
  const named = wanted ? [`adapter=${wanted}`] : [];
  const gpu = await openGpu({ profile, notify, flags: [...DEFAULT_FLAGS, ...named, ...flags] });
  applyUserTuning(gpu);
  return gpu;
}
