// Where a command finds the model that --model names.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { CutgpuError } from "../../engine/core/errors.js";
import { packageRoot } from "../files/package-root.js";
import type { Direction } from "../training/checkpoint.js";

/** The file that holds the model: a run's latest checkpoint, the file itself, or for "demo" what is shipped. */
export function modelFile(model: string, direction: Direction = "AtoB"): string {
  if (!existsSync(model)) {
    const run = join("runs", model);
    if (existsSync(run)) return modelFile(run, direction);
    const shipped = model === "demo" && SHIPPED.map((file) => join(packageRoot(), file)).find(existsSync);
    if (shipped) return shipped;
    throw new CutgpuError(
      "MODEL",
      `there is no model ${model}`,
      "Give a run folder, a .safetensors or .pth file, or demo for the model that comes with cutgpu.",
    );
  }
  if (!statSync(model).isDirectory()) return model;
  const oneWay = direction === "AtoB" ? ["latest_net_G.pth", "latest_net_G_A.pth"] : ["latest_net_G_B.pth"];
  for (const name of ["latest.safetensors", ...oneWay]) {
    if (existsSync(join(model, name))) return join(model, name);
  }
  const others = readdirSync(model).filter((name) => GENERATOR.test(name));
  throw new CutgpuError(
    "MODEL",
    `${model} holds neither latest.safetensors nor ${oneWay.join(" nor ")}`,
    others.length > 0
      ? `Give one of the files that are there: ${listed(others.sort().map((name) => join(model, name)))}.`
      : "Give the folder of a run that has saved a checkpoint, or a file.",
  );
}

/** Where the page's model lies in a clone and in an installed package. */
const SHIPPED = ["cut/web/demo-model.safetensors", "dist/web/demo-model.safetensors"];

/** Files that may hold a generator: numbered checkpoints, what was exported, and G_A and G_B of CycleGAN. */
const GENERATOR = /^(?!\.|.*net_[DF]).*\.(safetensors|pth)$/;

function listed(names: string[]): string {
  const most = 4;
  return names.length > most ? `${names.slice(0, most).join(", ")} and ${names.length - most} more` : names.join(", ");
}
