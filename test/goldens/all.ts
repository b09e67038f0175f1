// What to run for every file of a folder of goldens, by what the files' metadata say.
import type { Gpu } from "../../engine/core/gpu.js";
import { goldenFiles, operatorCases, readGolden } from "../support/goldens.js";
import { operatorAnswers } from "./operators.js";
import { formulaCheck, type GoldenCase, generatorOutput, trainingRun } from "./runs.js";

/** A named piece of work that yields cases. */
export interface GoldenJob {
  name: string;
  /** Whether it is a training run. */
  training?: boolean;
  /** `steps` cuts a training run short; by default it is played whole. */
  run(gpu: Gpu, steps?: number): Promise<GoldenCase[]>;
}

export function goldenJobs(): GoldenJob[] {
  const jobs: GoldenJob[] = operatorCases().map((given) => ({
    name: given.name,
    run: (gpu) => operatorAnswers(gpu, given),
  }));
  for (const file of goldenFiles()) {
    const { metadata, tensors } = readGolden(file);
    if (metadata["losses"]) {
      jobs.push({ name: file, training: true, run: (gpu, steps) => trainingRun(gpu, file, steps) });
    } else if (tensors.has("x") && tensors.has("y")) {
      jobs.push({ name: file, run: async (gpu) => [await generatorOutput(gpu, file)] });
    } else if (file.endsWith(".weights.safetensors")) {
      jobs.push({ name: file, run: async () => [formulaCheck(file)] });
    }
  }
  return jobs;
}
