// EnCo's discriminative attention-guided sampling (docs/method.md, section 15): of random candidate positions those
// with the lowest scores of the discriminator, and others at random. Random numbers come from the run's random stream;
// the selection by score happens on the GPU.
import { reshape } from "../../engine/core/reshape.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { Random } from "../../engine/lib/random.js";
import { arange } from "../../engine/operators/creation/index.js";
import { gatherPositions } from "../../engine/operators/gather/index.js";
import { matmul } from "../../engine/operators/matmul/index.js";
import { add, eq, lt, mul } from "../../engine/operators/pointwise/index.js";
import { sum } from "../../engine/operators/reduction/index.js";
import { interpolate } from "../../engine/operators/resample/index.js";
import { cast } from "../../engine/operators/selection/index.js";
import { concat } from "../../engine/operators/strided/index.js";
import type { BatchSize, InputShape } from "./method.js";

/** Candidates per selected patch, and the share of patches that are sampled regardless of scores. */
const OVERSAMPLE = 4;
const RANDOM_SHARE = 0.5;

interface Layer {
  /** Positions of the layer's feature map. */
  area: number;
  /** How many of them are sampled per picture. */
  count: number;
}

const numbers = ({ area, count }: Layer) => ({
  candidates: Math.min(area, OVERSAMPLE * count),
  others: Math.floor(RANDOM_SHARE * count),
});

/** The inputs of a step for layer number `i`. */
export function samplingInputs(layer: Layer, i: number, { batch }: BatchSize): Record<string, InputShape> {
  const { candidates, others } = numbers(layer);
  return {
    [`candidates.${i}`]: { shape: [batch, candidates], dtype: "i32" },
    [`others.${i}`]: { shape: [batch, others], dtype: "i32" },
  };
}

/** Samples their contents, separately for each picture. */
export function drawSampling(random: Random, layer: Layer, i: number, { batch }: BatchSize) {
  const drawn: Record<string, Int32Array> = {};
  for (const [name, count] of Object.entries(numbers(layer))) {
    const pictures = Array.from({ length: batch }, () => [...random.permutation(layer.area, count)]);
    drawn[`${name}.${i}`] = Int32Array.from(pictures.flat());
  }
  return drawn;
}

/**
 * Positions [B, count] in maps of a size, as f32: those of `candidates` [B, m] with the lowest scores, in ascending
 * order; `scores` [B, 1, h, w] are resized to that size. Ties are broken by the order of the candidates.
 */
export function lowestScored(
  scores: Tensor,
  candidates: Tensor,
  { size, count }: { size: [height: number, width: number]; count: number },
): Tensor {
  const { gpu } = scores;
  const [batch, m] = candidates.shape;
  return gpu.noGrad(() => {
    const of = gatherPositions(interpolate(scores.detach(), { size, mode: "bilinear" }), candidates);
    const [column, row] = [reshape(of, [batch, m, 1]), reshape(of, [batch, 1, m])];
    const order = arange(gpu, 0, m);
    const earlier = lt(reshape(order, [1, m]), reshape(order, [m, 1]));
    // The number of candidates before each.
    const rank = sum(add(lt(row, column), mul(eq(row, column), earlier)), 2);
    const chosen = eq(reshape(rank, [batch, 1, m]), reshape(arange(gpu, 0, count), [count, 1]));
    const places = matmul(chosen, reshape(cast(candidates, "f32"), [batch, m, 1]));
    return reshape(places, [batch, count]);
  });
}

/** The positions that a layer's patches are taken at: [B, count]. */
export function samplePositions(
  scores: Tensor,
  { candidates, others }: Readonly<Record<"candidates" | "others", Tensor>>,
  { size, count }: { size: [height: number, width: number]; count: number },
): Tensor {
  const lowest = lowestScored(scores, candidates, { size, count: count - others.shape[1] });
  return cast(concat([lowest, cast(others, "f32")], 1), "i32");
}
