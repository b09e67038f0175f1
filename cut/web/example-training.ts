// The training that a visitor without pictures can try, on the drawings of the page. Pure.
import type { Profile } from "../../engine/device/adapter.js";
import { smallTraining } from "../demo/demo-settings.js";
import type { TrainOptions } from "../options/train-schema.js";

/** Small enough for an adapter that pictures improve within a minute. */
export function exampleTraining(profile: Profile): Partial<TrainOptions> & { crop_size: number; max_steps: number } {
  const sizes = profile === "gpu" ? { load_size: 128, crop_size: 64 } : { load_size: 64, crop_size: 32 };
  // A sample costs about a step, and visitors wait for samples.
  return { ...smallTraining, ...sizes, max_steps: 1000, display_freq: 10 };
}
