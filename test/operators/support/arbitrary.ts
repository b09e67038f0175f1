// Sizes and shapes that several families' properties draw.
import fc from "fast-check";

export const extent = (most: number, least = 1): fc.Arbitrary<number> => fc.integer({ min: least, max: most });

/** Batch, channels, height and width. */
export const image = (least = 1) => fc.tuple(extent(3), extent(5), extent(12, least), extent(12, least));
