// The features of a set of pictures that metrics between sets compare: patches of every picture's pyramid, and the
// features of a network. Pictures are read one by one and not kept. Without files.
import { CutgpuError } from "../../engine/lib/errors.js";
import type { Random } from "../../engine/lib/random.js";
import type { Picture, Size } from "../data/picture.js";
import { resizePicture } from "../data/resize.js";
import { type Features, featuresOf } from "./features.js";
import { type PyramidPatches, pyramidPatches, randomPositions } from "./laplacian-pyramid.js";
import type { PictureSet } from "./pairs.js";
import { planesOf } from "./planes.js";

/** Computes a feature vector for a picture. */
export interface FeatureExtractor {
  /** The suffix of metrics' names, as in KID-mnv2-96; empty for the network that FID and KID are defined by. */
  network: string;
  /** The network and its preprocessing in words, with the hash of its weights. */
  protocol: string;
  extract(picture: Picture): Promise<ArrayLike<number>>;
  /** Frees its memory. */
  dispose?(): void;
}

/** How features are extracted; the same for all sets that are compared. */
export interface FeatureSettings {
  /** Number of patches per level of a picture's pyramid. */
  perPicture: number;
  /** Patches are taken from pictures scaled to this many pixels a side; extractors read pictures unscaled. */
  size: number | null;
  extractor: FeatureExtractor | null;
}

export interface PictureFeatures {
  patches: PyramidPatches;
  features: ArrayLike<number>;
}

export interface SetFeatures {
  patches: PyramidPatches[];
  features: Features;
}

/** Patches per level over all pictures: 128 each for 128 pictures. */
const PATCHES = 2 ** 14;
const MAX_PATCHES_PER_PICTURE = 128;
/** Pixels per side of the thumbnails that stand in for features where there is no extractor. */
export const THUMBNAIL = 16;

/** How many patches of each picture a comparison of sets uses. */
export const patchesPerPicture = (fakes: number, reals: number): number =>
  Math.min(MAX_PATCHES_PER_PICTURE, Math.ceil(PATCHES / Math.max(fakes, reals)));

/** Scales a picture to the size of the settings. */
export const scaledTo = (picture: Picture, size: number | null): Picture =>
  size === null ? picture : resizePicture(picture, size, size);

/** The size of scaledTo's result. */
export const sidesAt = ({ width, height }: Size, size: number | null): Size =>
  size === null ? { width, height } : { width: size, height: size };

/** Extracts the features of pictures of 3 channels; `step` is called after each. Throws as the next one does. */
export async function extractSetFeatures(
  set: PictureSet,
  { perPicture, ...how }: FeatureSettings,
  random: Random,
  step: (name: string) => Promise<void>,
): Promise<SetFeatures> {
  const pictures: PictureFeatures[] = [];
  for (const [i, name] of set.names.entries()) {
    const picture = await set.read(i);
    const positions = randomPositions(sidesAt(picture, how.size), perPicture, random);
    pictures.push(await extractPictureFeatures(picture, name, positions, how));
    await step(name);
  }
  return joinFeatures(pictures);
}

/**
 * Extracts the features of a picture of 3 channels, with patches at these positions of each level. Throws a
 * CutgpuError where features are not finite.
 */
export async function extractPictureFeatures(
  picture: Picture,
  name: string,
  positions: readonly Int32Array[],
  { size, extractor }: Omit<FeatureSettings, "perPicture">,
): Promise<PictureFeatures> {
  // The GPU computes the features while the patches are extracted.
  const features = extractor ? finiteFeatures(extractor, picture, name) : thumbnail(picture);
  const patches = pyramidPatches(planesOf(scaledTo(picture, size)), positions);
  return { patches, features: await features };
}

export const joinFeatures = (pictures: readonly PictureFeatures[]): SetFeatures => ({
  patches: pictures.map(({ patches }) => patches),
  features: featuresOf(pictures.map(({ features }) => features)),
});

async function finiteFeatures(extractor: FeatureExtractor, picture: Picture, name: string): Promise<ArrayLike<number>> {
  const row = await extractor.extract(picture);
  if (Array.from(row).every(Number.isFinite)) return row;
  throw new CutgpuError("FEATURES", `the features of ${name} are not all finite;`, "use another file of weights.");
}

/** A thumbnail, scaled so that distances are root mean square differences from 0 to 1. */
function thumbnail(picture: Picture): Float64Array {
  const { data } = planesOf(resizePicture(picture, THUMBNAIL, THUMBNAIL));
  return data.map((value) => value / Math.sqrt(data.length));
}
