// The encoder that `cutgpu metric` compares patches by: a model's, or one that is trained on the pictures.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Picture } from "../data/picture.js";
import { trainPatchEncoder } from "../evaluation/patches/self-training.js";
import { readWhole } from "../files/read-whole.js";
import { type InspectModel, loadInspectModel } from "../inspection/inspection-model.js";
import { note, startProgress } from "./terminal/index.js";

export interface EncoderChoice {
  /** The file of a model; null for an encoder that is trained on the pictures. */
  file: string | null;
  /** Steps of that training. */
  steps: number;
  seed: number;
  signal: AbortSignal;
}

/** Loads or trains the encoder; `pictures` are read only for training. */
export async function openEncoder(
  gpu: Gpu,
  { file, steps, seed, signal }: EncoderChoice,
  pictures: () => Promise<Picture[]>,
): Promise<InspectModel> {
  if (file !== null) {
    const model = loadInspectModel(gpu, readWhole(file), file);
    if (!model.heads) note(`${file} holds no heads: features are compared as they are`);
    return model;
  }
  const seen = await pictures();
  const progress = startProgress({ label: "training the encoder", total: steps });
  try {
    const onProgress = (fraction: number) => progress.update(Math.round(fraction * steps));
    return await trainPatchEncoder(gpu, seen, { steps, seed, signal, onProgress });
  } finally {
    progress.stop();
  }
}

/** What the encoder is, for reports. */
export const encoderText = (model: string | null, steps: number, pictures: number): string =>
  model ?? `self-trained: ${pictures} pictures, ${steps} steps`;
