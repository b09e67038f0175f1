// The GPU for measurements: that of all commands, with exact timestamps. Rounded ones, which browsers require, would
// say little about short kernels.
import { openCommandGpu } from "../../cut/cli/open-gpu.js";
import type { Gpu } from "../../engine/core/gpu.js";
import type { Precision, Profile } from "../../engine/device/adapter.js";

export const openBenchGpu = (profile: Profile | "auto", precision: Precision = "f32"): Promise<Gpu> =>
  openCommandGpu(profile, { precision, flags: ["disable-dawn-features=timestamp_quantization"] });
