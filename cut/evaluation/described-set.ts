// A set of pictures as metrics between sets read it: patches of every picture's pyramid, and features. Pictures are
// read one by one and not kept. Without files.
import { CutgpuError } from "../../engine/core/errors.js";
import type { Random } from "../../engine/random.js";
import type { Picture } from "../data/picture.js";
import { resizePicture } from "../data/resize.js";
import type { Size } from "../data/transform.js";
import { type Features, featuresOf } from "./features.js";
import { type PyramidPatches, pyramidPatches, randomPositions } from "./laplacian-pyramid.js";
import type { PictureSet } from "./pairs.js";
import { planesOf } from "./planes.js";

/** What makes a row of numbers of a picture. */
export interface FeatureExtractor {
  /** What metrics are called after, as in KID-mnv2-96; empty for the network that FID and KID are defined by. */
  network: string;
  /** What it is and how pictures reach it, with the hash of its weights. */
  protocol: string;
  extract(picture: Picture): Promise<ArrayLike<number>>;
  /** Gives its memory back. */
  dispose?(): void;
}

/** How pictures are described; the same for all sets that are compared. */
export interface Description {
  /** Patches of each level of a picture. */
  perPicture: number;
  /** Patches are those of pictures scaled to this many pixels a side; extractors read them as they are. */
  size: number | null;
  extractor: FeatureExtractor | null;
}

export interface DescribedPicture {
  patches: PyramidPatches;
  features: ArrayLike<number>;
}

export interface DescribedSet {
  patches: PyramidPatches[];
  features: Features;
}

/** Patches of a level in all, which is what 128 pictures have with the usual 128 each. */
const PATCHES = 2 ** 14;
const MOST_PATCHES_A_PICTURE = 128;
/** Pixels per side of the small pictures that are compared where there are no features. */
export const THUMBNAIL = 16;

/** How many patches of each picture a comparison of sets takes. */
export const patchesPerPicture = (fakes: number, reals: number): number =>
  Math.min(MOST_PATCHES_A_PICTURE, Math.ceil(PATCHES / Math.max(fakes, reals)));

/** Scales a picture as a description says. */
export const scaledTo = (picture: Picture, size: number | null): Picture =>
  size === null ? picture : resizePicture(picture, size, size);

/** The sides of what scaledTo gives. */
export const sidesAt = ({ width, height }: Size, size: number | null): Size =>
  size === null ? { width, height } : { width: size, height: size };

/** Describes the pictures of 3 channels; `step` is called after each. Throws as describePicture does. */
export async function describeSet(
  set: PictureSet,
  { perPicture, ...how }: Description,
  random: Random,
  step: (name: string) => Promise<void>,
): Promise<DescribedSet> {
  const pictures: DescribedPicture[] = [];
  for (const [i, name] of set.names.entries()) {
    const picture = await set.read(i);
    const positions = randomPositions(sidesAt(picture, how.size), perPicture, random);
    pictures.push(await describePicture(picture, name, positions, how));
    await step(name);
  }
  return joinDescribed(pictures);
}

/**
 * Describes a picture of 3 channels by the patches at these positions of each level. Throws a CutgpuError where
 * features are not finite.
 */
export async function describePicture(
  picture: Picture,
  name: string,
  positions: readonly Int32Array[],
  { size, extractor }: Omit<Description, "perPicture">,
): Promise<DescribedPicture> {
  // The GPU is at work on the features while the patches are cut out.
  const features = extractor ? finiteFeatures(extractor, picture, name) : thumbnail(picture);
  const patches = pyramidPatches(planesOf(scaledTo(picture, size)), positions);
  return { patches, features: await features };
}

export const joinDescribed = (pictures: readonly DescribedPicture[]): DescribedSet => ({
  patches: pictures.map(({ patches }) => patches),
  features: featuresOf(pictures.map(({ features }) => features)),
});

async function finiteFeatures(extractor: FeatureExtractor, picture: Picture, name: string): Promise<ArrayLike<number>> {
  const row = await extractor.extract(picture);
  if (Array.from(row).every(Number.isFinite)) return row;
  throw new CutgpuError("FEATURES", `the features of ${name} are not all finite;`, "use another file of weights.");
}

/** A small picture, so divided that distances are root mean square differences, 0 to 1. */
function thumbnail(picture: Picture): Float64Array {
  const { data } = planesOf(resizePicture(picture, THUMBNAIL, THUMBNAIL));
  return data.map((value) => value / Math.sqrt(data.length));
}
