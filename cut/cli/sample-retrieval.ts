// Retrieval accuracy on the sample pictures of a run under way, for its report.
import type { Picture } from "../data/picture.js";
import { Retrieval } from "../inspection/retrieval.js";
import type { TrainingStep } from "../training/training-step.js";

/**
 * Measures pictures with the step's current networks: the share of each layer by its name; null where they are not
 * trained on patches.
 */
export function sampleRetrieval({
  gpu,
  method: { generator, patchFeatures },
}: TrainingStep): ((pictures: readonly Picture[]) => Promise<ReadonlyMap<string, number>>) | null {
  if (!patchFeatures) return null;
  const { heads, layers, patches } = patchFeatures;
  const retrieval = new Retrieval(gpu, { generator, heads, layers }, patches);
  return async (pictures) => {
    const names = layers.map((layer) => `layer ${layer}`);
    const means = new Map(names.map((name) => [name, 0]));
    for (const picture of pictures) {
      const shares = await retrieval.accuracy(picture);
      for (const [i, name] of names.entries()) means.set(name, means.get(name)! + shares[i] / pictures.length);
    }
    return means;
  };
}
