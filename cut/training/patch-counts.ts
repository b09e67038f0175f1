// The number of keys among which each layer's queries have to find their positive, which bounds the patch losses. Pure.
import { trainedSide } from "../data/transform.js";
import { patchCounts } from "../methods/patch-positions.js";
import type { TrainOptions } from "../options/train-schema.js";

/** Keys per query by layer, the positive included: N + 1 for N negatives. The loss of a guess is its logarithm. */
export function keysByLayer(options: TrainOptions): Map<number, number> {
  const { model, patch_loss, nce_negatives } = options;
  // Other losses have no such bound, and a bank takes a while to fill.
  const contrastive = model === "cut" || model === "sincut";
  if (!contrastive || options.lambda_NCE === 0 || patch_loss !== "nce" || nce_negatives !== "internal")
    return new Map();
  const side = trainedSide(options);
  const batches = options.nce_includes_all_negatives_from_minibatch ? options.batch_size : 1;
  const layers = patchCounts(options, { height: side, width: side });
  return new Map(layers.map(({ count }, i) => [options.nce_layers[i], batches * count]));
}
