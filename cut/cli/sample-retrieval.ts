// Retrieval accuracy on the sample pictures of a run under way, for its report.
import type { Picture } from "../data/picture.js";
import { Retrieval } from "../inspection/retrieval.js";
import type { TrainOptions } from "../options/train-schema.js";
import type { TrainingStep } from "../training/training-step.js";

/**
 * Measures pictures by the step's networks as they are, the share of each layer by its name; null where they are not
 * trained on patches.
 */
export function sampleRetrieval(
  { gpu, G, F }: TrainingStep,
  { lambda_NCE, netF, nce_layers, num_patches }: TrainOptions,
): ((pictures: readonly Picture[]) => Promise<ReadonlyMap<string, number>>) | null {
  if (lambda_NCE === 0) return null;
  const heads = netF === "mlp_sample" ? F : null;
  const retrieval = new Retrieval(gpu, { generator: G, heads, layers: nce_layers }, num_patches);
  return async (pictures) => {
    const names = nce_layers.map((layer) => `layer ${layer}`);
    const means = new Map(names.map((name) => [name, 0]));
    for (const picture of pictures) {
      const shares = await retrieval.accuracy(picture);
      for (const [i, name] of names.entries()) means.set(name, means.get(name)! + shares[i] / pictures.length);
    }
    return means;
  };
}
