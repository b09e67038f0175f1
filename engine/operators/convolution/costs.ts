// What a convolution of stride 1 costs directly, and what by Winograd's minimal filtering: FLOPs and bytes of every
// dispatch, for a prediction of which is faster (bench/winograd-model.ts). Pure. Limits: a dispatch is counted to read
// each input once and to write its output once, the transforms' arithmetic to the nearest ten operations.
import type { Cost } from "../../core/operator.js";
import { type Shape, sizeOf } from "../../core/shapes.js";
import { outputShape } from "./geometry.js";
import { FREQUENCIES, WINDOW, winogradServes, winogradTiles } from "./winograd.js";

/** Operations of a transform of one row or column. */
const TRANSFORM = 20;

interface Sizes {
  taps: readonly [number, number];
  stride: number;
  x: Shape;
  y: Shape;
}

/** The sizes of a call, where y is the output or, for the gradient of weights, that output's gradient. */
function sizesOf(operator: string, [first, second]: readonly (Shape | undefined)[], options: object): Sizes | null {
  if (!first || !second) return null;
  const given = options as Parameters<typeof outputShape>[2] & { outputSize: Shape; kernel: readonly [number, number] };
  const taps = [second[2], second[3]] as const;
  const { stride } = given;
  if (operator === "conv2d") return { taps, stride, x: first, y: outputShape(first, second, given) };
  if (operator === "convTranspose2d") {
    return { taps, stride, x: first, y: [first[0], second[1], ...given.outputSize] };
  }
  if (operator === "conv2dWeightGradient") return { taps: given.kernel, stride, x: first, y: second };
  return null;
}

/**
 * The dispatches of both ways to do what an operator is called for, with its shapes and options; null where Winograd's
 * kernels do not serve.
 */
export function winogradCosts(
  operator: string,
  shapes: readonly (Shape | undefined)[],
  options: object,
): { direct: Cost[]; winograd: Cost[] } | null {
  const sizes = sizesOf(operator, shapes, options);
  if (!sizes) return null;
  const { taps, stride, x, y } = sizes;
  const [inChannels, outChannels] = [x[1], y[1]];
  if (!winogradServes(taps, stride, inChannels, y)) return null;
  const tiles = winogradTiles(y, taps[0]);
  const weights = outChannels * inChannels * taps[0] * taps[1];
  const transformed = [outChannels * inChannels, inChannels * tiles, outChannels * tiles].map((n) => FREQUENCIES * n);
  const products = 2 * transformed[0] * tiles;
  // A window's rows and columns; those of a tile, or of the taps, are fewer along one axis.
  const transform = (windows: number, rows: number, elements: number): Cost => ({
    flops: TRANSFORM * (WINDOW + rows) * windows,
    bytes: 4 * (elements + FREQUENCIES * windows),
  });
  return {
    direct: [{ flops: 2 * sizeOf(y) * inChannels * taps[0] * taps[1], bytes: 4 * (sizeOf(x) + weights + sizeOf(y)) }],
    // The gradient of the weights has the same, its last transform in the place of the weights' own.
    winograd: [
      transform(outChannels * inChannels, taps[0], weights),
      transform(inChannels * tiles, WINDOW, sizeOf(x)),
      { flops: products, bytes: 4 * transformed.reduce((sum, n) => sum + n) },
      transform(outChannels * tiles, WINDOW + 1 - taps[0], sizeOf(y)),
    ],
  };
}
