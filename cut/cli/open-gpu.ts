// The GPU as commands use it: opened with dawn.node, with a line on stderr where a software driver had to be brought along, and
// with the kernels that `cutgpu tune` found to be the fastest.
import type { Profile } from "../../engine/device/adapter.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { openGpu } from "../../engine/device/node.js";
import { paceImmediates } from "./pace-immediates.js";
import { note, useMachineTuning } from "./user-tuning.js";

/** Opens the best adapter. `notify` is told in one line where a software driver had to be brought along. */
export async function openCommandGpu(profile: Profile | "auto" = "auto", notify = note): Promise<Gpu> {
  paceImmediates();
  const gpu = await openGpu({ profile, notify });
  useMachineTuning(gpu);
  return gpu;
}
