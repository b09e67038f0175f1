// Among how many patches each layer's queries have to find their own, which says what the patch losses can reach. Pure.
import { trainedSide } from "../data/transform.js";
import { patchCounts } from "../methods/patch-positions.js";
import type { TrainOptions } from "../options/train-schema.js";

/** Keys of a query, its own among them, by layer: N + 1 for N negatives. Guessing costs the logarithm of it. */
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
