// FLOPs and bytes of every dispatch of a convolution of stride 1, computed directly and by Winograd's minimal
// filtering, to predict which is faster (bench/winograd-model.ts). Pure. Limits: a dispatch is assumed to read each
// input once and to write its output once; the transforms are those of GPUs, their operations rounded to tens.
import type { Cost } from "../../core/operator.js";
import { type Shape, sizeOf } from "../../lib/shapes.js";
import { callOf } from "./call.js";
import { tilesOf, winogradServes } from "./winograd.js";

/** Operations of a transform of one row or column. */
const TRANSFORM = 20;

/**
 * The costs of the dispatches of an operator's call both ways, by its shapes and options; null where Winograd's kernels
 * do not apply.
 */
export function winogradCosts(
  operator: string,
  shapes: readonly (Shape | undefined)[],
  options: object,
): { direct: Cost[]; winograd: Cost[] } | null {
  if (!Object.hasOwn(callOf, operator)) return null;
  const call = callOf[operator as keyof typeof callOf](shapes, options as never);
  if (!winogradServes("gpu", call)) return null;
  const { kernel, x, y } = call;
  const [inChannels, outChannels] = [x[1], y[1]];
  const { m, alpha, elements, ...perImage } = tilesOf("gpu", kernel[0], y);
  const tiles = y[0] * perImage.y * perImage.x;
  const weights = outChannels * inChannels * kernel[0] * kernel[1];
  const transformed = [outChannels * inChannels, inChannels * tiles, outChannels * tiles].map((n) => elements * n);
  const products = 2 * transformed[0] * tiles;
  // Both a tile's columns and its rows are transformed; output tiles and kernels have fewer of one of them.
  const transform = (tiles: number, rows: number, others: number): Cost => ({
    flops: TRANSFORM * (alpha + rows) * tiles,
    bytes: 4 * (others + elements * tiles),
  });
  return {
    direct: [
      { flops: 2 * sizeOf(y) * inChannels * kernel[0] * kernel[1], bytes: 4 * (sizeOf(x) + weights + sizeOf(y)) },
    ],
    // The weight gradient costs the same: its last transform takes the place of the weights' transform.
    winograd: [
      transform(outChannels * inChannels, kernel[0], weights),
      transform(inChannels * tiles, alpha, sizeOf(x)),
      { flops: products, bytes: 4 * transformed.reduce((sum, n) => sum + n) },
      transform(outChannels * tiles, m, sizeOf(y)),
    ],
  };
}
