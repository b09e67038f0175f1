// Where a command finds the model that --model names.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { CutgpuError } from "../../engine/core/errors.js";

/** The file that holds the model: a run's latest checkpoint, or the file itself. */
export function modelFile(model: string): string {
  if (!existsSync(model)) {
    const run = join("runs", model);
    if (existsSync(run)) return modelFile(run);
    throw new CutgpuError("MODEL", `there is no model ${model}`, "Give a run folder or a .safetensors or .pth file.");
  }
  if (!statSync(model).isDirectory()) return model;
  for (const name of ["latest.safetensors", "latest_net_G.pth"]) {
    if (existsSync(join(model, name))) return join(model, name);
  }
  throw new CutgpuError(
    "MODEL",
    `${model} holds neither latest.safetensors nor latest_net_G.pth`,
    "Give the folder of a run that has saved a checkpoint, or a file.",
  );
}
