// The scale of the metric: 0 is the same picture, 1 the mean over other pictures, layer by layer, so that numbers
// compare between layers and between encoders. Pure.

/** PatchNCE of each layer of a picture with itself, and its mean over other pictures. */
export interface ContentScale {
  same: readonly number[];
  others: readonly number[];
}

/** A layer has a scale where other pictures are farther than the same one by this many nats. */
const MIN_SPAN = 1e-3;

/** Mean of each layer over comparisons. */
export const layerMeans = (comparisons: readonly (readonly { nce: number }[])[]): number[] =>
  comparisons[0].map((_, i) => comparisons.reduce((sum, layers) => sum + layers[i].nce, 0) / comparisons.length);

/** Distances on the scale of each layer; null where the picture is like the others, such as among blank ones. */
export const layerDistances = (layers: readonly { nce: number }[], { same, others }: ContentScale): (number | null)[] =>
  layers.map(({ nce }, i) => {
    const span = others[i] - same[i];
    return span < MIN_SPAN ? null : (nce - same[i]) / span;
  });

/** Mean of the values that are not null; null where there are none. */
export function knownMean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** The mean over the layers that have a scale; null where none has. */
export const distanceOf = (layers: readonly { nce: number }[], scale: ContentScale): number | null =>
  knownMean(layerDistances(layers, scale));
