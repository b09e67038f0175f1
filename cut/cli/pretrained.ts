// The start of --pretrained_name: the checkpoint of a run of ours, or the files that the reference saves for each
// network, latest_net_G.pth and so on. Networks without a file keep their first weights; optimizers start fresh.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Tensor } from "../../engine/core/tensor.js";
import { toFloat32 } from "../../engine/formats/state-dict.js";
import { CheckpointError } from "../../engine/lib/errors.js";
import { readWhole } from "../files/read-whole.js";
import type { Parameters } from "../networks/network.js";
import { parseCheckpoint } from "../training/checkpoint.js";
import { parseWeights, withoutDropout } from "../training/generator-file.js";
import { recognizeNetwork } from "../training/recognize-network.js";
import type { Training } from "../training/training-loop.js";

/**
 * Loads the weights in a folder. Returns the networks without a file. Throws a CutgpuError where a file does not fit,
 * and then changes nothing.
 */
export function adoptPretrained(training: Training, folder: string): string[] {
  const networks = Object.entries(training.step.method.networks);
  const files = networks.map(([name]) => join(folder, `latest_net_${name}.pth`));
  const checkpoint = join(folder, "latest.safetensors");
  if (!existsSync(checkpoint) && !files.some(existsSync)) {
    const names = networks.map(([name]) => `latest_net_${name}.pth`).join(", ");
    throw new CheckpointError(
      `${folder} holds no latest.safetensors, nor any of ${names}, the networks of --model ${training.options.model}`,
      "Check the path, and the method.",
    );
  }
  if (existsSync(checkpoint)) {
    training.adoptWeights(parseCheckpoint(readWhole(checkpoint), checkpoint), checkpoint);
    return [];
  }
  const without = networks.filter((_, i) => !existsSync(files[i])).map(([name]) => name);
  const writes = networks.flatMap(([name, { parameters }], i) =>
    without.includes(name) ? [] : publishedWeights(parameters, files[i]),
  );
  for (const [tensor, data] of writes) tensor.write(data);
  training.step.resetAverages();
  return without;
}

/** A file's content for each parameter. */
function publishedWeights(parameters: Parameters, path: string): [Tensor, Float32Array<ArrayBuffer>][] {
  const { tensors } = parseWeights(readWhole(path), path);
  // DataParallel and torch.compile prefix all keys.
  const published = (key: string) => withoutDropout(key.replace(/^(module\.|_orig_mod\.)+/, ""));
  const stored = new Map([...tensors].map(([key, tensor]) => [published(key), tensor]));
  return [...parameters].map(([key, parameter]) => {
    const found = stored.get(key);
    if (found?.shape.join() === parameter.shape.join()) return [parameter, toFloat32(found)];
    const what = recognizeNetwork(tensors)?.what ?? "a network";
    throw new CheckpointError(
      `${path} holds ${what}, whose ${key} ${found ? `is [${found.shape}]` : "is missing"}, ` +
        `and this run wants [${parameter.shape}]`,
      "Give the options that it was trained with (--model, --netG, --ngf, --netD, --ndf, --netF_nc, --nce_layers), " +
        "or take the file away.",
    );
  });
}
