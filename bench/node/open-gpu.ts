// The GPU as measurements want it: that of all commands, with timestamps as they are taken. Rounded ones, which
// browsers ask for, would say little of short kernels.
import { openCommandGpu } from "../../cut/cli/open-gpu.js";
import type { Precision, Profile } from "../../engine/device/adapter.js";
import type { Gpu } from "../../engine/device/gpu.js";

export const openBenchGpu = (profile: Profile | "auto", precision: Precision = "f32"): Promise<Gpu> =>
  openCommandGpu(profile, { precision, flags: ["disable-dawn-features=timestamp_quantization"] });
