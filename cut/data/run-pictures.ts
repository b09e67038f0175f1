// The pictures that a run shows while it trains: the first of those that it is not trained on. Without files.
import { domainsOf, shownFolders } from "../options/common-options.js";
import type { TrainOptions } from "../options/train-schema.js";
import type { Picture } from "./picture.js";
import { samplePicture } from "./transform.js";

/** How many pictures of a side are shown, and of how many at the most they are the first sound ones. */
const SAMPLES = 4;
const TRIED = 50;

/** Access to a run's pictures in the folders testA, valA, trainA and those of B. */
export interface RunPictures {
  /** The pictures of a folder, in order; none where there is no such folder. */
  list(folder: string): Promise<string[]>;
  read(folder: string, name: string, channels: 1 | 3): Promise<Picture>;
}

/** A picture scaled as in training, and its name in its folder. */
export interface Sample {
  name: string;
  picture: Picture;
}

/** Pictures to translate at every display of a run, and some of the target domain to compare with. */
export async function chooseSamples(
  { list, read }: RunPictures,
  options: TrainOptions,
): Promise<{ inputs: Sample[]; reals: Picture[] }> {
  const samplesOf = async (side: string, channels: 1 | 3): Promise<Sample[]> => {
    for (const folder of shownFolders(side)) {
      const samples: Sample[] = [];
      for (const name of (await list(folder)).slice(0, TRIED)) {
        if (samples.length === SAMPLES) break;
        const picture = await read(folder, name, channels).catch(() => null);
        if (picture) samples.push({ name, picture: samplePicture(picture, options) });
      }
      if (samples.length > 0) return samples;
    }
    return [];
  };
  const [source, target] = domainsOf(options.direction);
  const inputs = await samplesOf(source, options.input_nc);
  const reals = await samplesOf(target, options.output_nc);
  return { inputs, reals: reals.map(({ picture }) => picture) };
}
