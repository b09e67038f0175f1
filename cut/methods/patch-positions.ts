// The positions at which patches of tapped layers are compared: their number in feature maps of a size, and their
// random choice in a step, row-major y * W + x.
import type { Random } from "../../engine/lib/random.js";
import { featureShapes, generatorArchitecture } from "../networks/generator-layout.js";
import { type FeatureShape, shapeAt } from "../networks/network.js";
import { encoderTap, singleImageArchitecture } from "../networks/single-image-layout.js";
import type { TrainOptions } from "../options/train-schema.js";
import type { BatchSize } from "./method.js";

/** Channels, height and width of each tapped layer for pictures of a size. */
export function tappedShapes(options: TrainOptions, { height, width }: Omit<BatchSize, "batch">): FeatureShape[] {
  const { model, nce_layers: layers } = options;
  if (model === "sincut") {
    const architecture = singleImageArchitecture(options);
    return layers.map((layer) => shapeAt(encoderTap(architecture, layer), height, width));
  }
  return featureShapes(generatorArchitecture(options), layers, height, width);
}

/** Positions of each tapped layer for pictures of a size, and how many of them are compared. */
export function patchCounts(options: TrainOptions, size: Omit<BatchSize, "batch">): { area: number; count: number }[] {
  return tappedShapes(options, size).map(([, h, w]) => ({ area: h * w, count: Math.min(options.num_patches, h * w) }));
}

/** For each layer a random choice of positions without repeats. */
export const drawPositions = (random: Random, layers: readonly { area: number; count: number }[]): Int32Array[] =>
  layers.map(({ area, count }) => random.permutation(area, count));

/** The same positions for every picture of a batch: [batch, positions]. */
export const forEachPicture = (positions: Int32Array, batch: number): Int32Array =>
  Int32Array.from({ length: batch * positions.length }, (_, i) => positions[i % positions.length]);
