// Where a command finds the model that --model names.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { CutgpuError } from "../../engine/lib/errors.js";
import { packageRoot } from "../files/package-root.js";
import { OptionError } from "../options/schema.js";
import type { Direction } from "../training/generator-file.js";

/** Which of a folder's models: a run's checkpoint "latest", "best" or a number; with two generators, the direction. */
interface Which {
  epoch?: string;
  direction?: Direction;
}

/** The file that holds the model: the one of a run's folder, the file itself, or for "demo" the shipped one. */
export function modelFile(model: string, which: Which = {}): string {
  const { epoch = "latest", direction = "AtoB" } = which;
  if (!existsSync(model)) {
    const run = join("runs", model);
    if (existsSync(run)) return modelFile(run, which);
    const shipped = model === "demo" && SHIPPED.map((file) => join(packageRoot(), file)).find(existsSync);
    if (shipped) return onlyOne(shipped, epoch);
    throw new CutgpuError(
      "MODEL",
      `there is no model ${model}`,
      "Give a run folder, a .safetensors or .pth file, or demo for the model that comes with cutgpu.",
    );
  }
  if (!statSync(model).isDirectory()) return onlyOne(model, epoch);
  const oneWay = direction === "AtoB" ? ["net_G", "net_G_A"] : ["net_G_B"];
  const wanted = [`${epoch}.safetensors`, ...oneWay.map((network) => `${epoch}_${network}.pth`)];
  for (const name of wanted) {
    if (existsSync(join(model, name))) return join(model, name);
  }
  const others = readdirSync(model).filter((name) => GENERATOR.test(name));
  throw new CutgpuError(
    "MODEL",
    `${model} holds neither ${wanted.join(" nor ")}`,
    others.length > 0
      ? `Give one of the files that are there: ${listed(others.sort().map((name) => join(model, name)))}.`
      : "Give the folder of a run that has saved a checkpoint, or a file.",
  );
}

function onlyOne(file: string, epoch: string): string {
  if (epoch === "latest") return file;
  throw new OptionError(`--epoch ${epoch} is of runs and ${file} is a file;`, "give the run's folder, or no --epoch.");
}

/** The page's model in a clone and in an installed package. */
const SHIPPED = ["cut/web/demo-model.safetensors", "dist/web/demo-model.safetensors"];

/** Files that may hold a generator: numbered checkpoints, exports, and G_A and G_B of CycleGAN. */
const GENERATOR = /^(?!\.|.*net_[DF]).*\.(safetensors|pth)$/;

function listed(names: string[]): string {
  const max = 4;
  return names.length > max ? `${names.slice(0, max).join(", ")} and ${names.length - max} more` : names.join(", ");
}
