// The part of a model file that an inspection needs: the generator and, from a checkpoint of a training, also the
// heads, layers and temperature that it was trained with. For files that hold only a generator the paper's layers and
// temperature are used, and features are compared as they are.
import type { Gpu } from "../../engine/core/gpu.js";
import { toFloat32 } from "../../engine/formats/state-dict.js";
import { CheckpointError } from "../../engine/lib/errors.js";
import { Heads } from "../networks/heads.js";
import { type PictureGenerator, writeParameters } from "../networks/network.js";
import { type Checkpoint, parseCheckpoint } from "../training/checkpoint.js";
import { loadGenerator, parseWeights } from "../training/generator-file.js";

export interface InspectModel {
  generator: PictureGenerator;
  /** One head per layer; null where the file has none, and then features are compared as they are. */
  heads: Heads | null;
  /** Tapped layers (nce_layers), ascending. */
  layers: readonly number[];
  /** Temperature (nce_T). */
  tau: number;
}

/** nce_layers and nce_T of the paper and of the published models. */
const PAPER = { layers: [0, 4, 8, 12, 16], tau: 0.07 };

/** A model on the GPU from any file that holds a generator. Throws a CutgpuError for other files, naming `where`. */
export function loadInspectModel(gpu: Gpu, bytes: Uint8Array, where: string): InspectModel {
  const { tensors, metadata } = parseWeights(bytes, where);
  const checkpoint =
    "state" in metadata && [...tensors.keys()].some((key) => key.startsWith("G."))
      ? parseCheckpoint(bytes, where)
      : null;
  const generator = loadGenerator(gpu, bytes, where);
  // EnCo's layers include the decoder's, and its F belongs to those.
  if (!checkpoint || checkpoint.state.options.model === "enco") {
    return { ...PAPER, generator, heads: null, layers: PAPER.layers.filter((layer) => layer < generator.modules) };
  }
  const { nce_layers: layers, nce_T: tau } = checkpoint.state.options;
  try {
    return { generator, heads: loadHeads(gpu, checkpoint, generator, where), layers, tau };
  } catch (error) {
    for (const tensor of generator.parameters.values()) tensor.dispose();
    throw error;
  }
}

function loadHeads(gpu: Gpu, { tensors, state }: Checkpoint, generator: PictureGenerator, where: string): Heads | null {
  if (!tensors.has("F.mlp_0.0.weight")) return null;
  const { nce_layers, netF_nc: width } = state.options;
  const channels = nce_layers.map((layer) => generator.tap(layer).channels);
  const weights = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [key, shape] of Heads.shapes({ channels, width })) {
    const stored = tensors.get(`F.${key}`);
    if (!stored || stored.shape.join() !== shape.join()) {
      throw new CheckpointError(
        `${where} is damaged: F.${key} ${stored ? `is [${stored.shape}] instead of [${shape}]` : "is missing"}`,
        "Give another checkpoint.",
      );
    }
    weights.set(key, toFloat32(stored));
  }
  const heads = new Heads(gpu, { channels, width });
  writeParameters(heads.parameters, weights);
  return heads;
}
