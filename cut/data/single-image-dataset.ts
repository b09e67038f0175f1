// SinCUT's training data: crops of one picture per domain. For a crop, width and height of the picture are scaled by
// separate random factors, and the result is divided into tiles from a random offset, one of which is taken; an epoch
// goes through all tiles. Everything random about a crop is a function of (seed, epoch, index), as in
// cut/data/dataset.ts. Source: the reference's zoom and patch transforms,
// https://github.com/taesungp/contrastive-unpaired-translation.
import { CutgpuError } from "../../engine/lib/errors.js";
import { Random } from "../../engine/lib/random.js";
import type { TrainOptions } from "../options/train-schema.js";
import { type Crop, type Crops, ResidentPicture } from "./crops.js";
import type { Batch, DatasetOptions } from "./dataset.js";
import type { Picture } from "./picture.js";
import { resampledSquare } from "./resize.js";
import { roundHalfEven } from "./rounding.js";
import { sizeInTraining, type TransformOptions } from "./transform.js";

/** Crops of each side in an epoch. */
const CROPS = 100_000;

/** Crops and batches of an epoch, of which a last incomplete batch is left out, unless it is a smaller epoch's. */
export function cropsPerEpoch({ max_dataset_size, batch_size }: EpochOptions): { crops: number; batches: number } {
  const crops = Math.min(CROPS, max_dataset_size ?? CROPS);
  return { crops, batches: Math.min(Math.floor(CROPS / batch_size), Math.ceil(crops / batch_size)) };
}

type EpochOptions = Pick<TrainOptions, "max_dataset_size" | "batch_size">;

export type SingleImageOptions = TransformOptions &
  EpochOptions &
  Pick<DatasetOptions, "filesA" | "filesB" | "read" | "direction" | "input_nc" | "output_nc" | "no_flip" | "seed"> & {
    /** Sides are scaled by a factor from 1 / this to 1. */
    random_scale_max: number;
  };

/** One of the two domains and its picture. */
interface Side {
  name: "A" | "B";
  path: string;
  picture: Picture;
}

export class SingleImageDataset {
  readonly length: number;
  readonly batchesPerEpoch: number;
  /** A picture that cannot be decoded stops the training. */
  readonly skipped = 0;
  readonly #options: SingleImageOptions;
  #sides: Promise<Side[]> | null = null;

  /** Throws a CutgpuError where a domain has more than one picture. */
  constructor(options: SingleImageOptions) {
    this.#options = options;
    const { crops, batches } = cropsPerEpoch(options);
    this.length = crops;
    this.batchesPerEpoch = batches;
    for (const files of [options.filesA, options.filesB]) {
      if (files.length === 1) continue;
      throw new CutgpuError(
        "DATASET",
        `SinCUT learns from one picture a domain, and there are ${files.length} where ${files[0]} is.`,
        "Give folders with one each.",
      );
    }
  }

  /** The batches of the 1-based `epoch`, from the 0-based batch `from` on, each valid until the next is requested. */
  async *batches({ epoch, from = 0 }: { epoch: number; from?: number }): AsyncGenerator<Batch<Crops>> {
    const { batch_size, crop_size } = this.#options;
    this.#sides ??= this.#read();
    const sides = (await this.#sides).map((side) => ({
      ...side,
      order: this.#order(epoch, side.name),
      resident: new ResidentPicture(side.picture, side.path),
    }));
    try {
      for (let batch = from; batch < this.batchesPerEpoch; batch++) {
        const indices = Array.from({ length: batch_size }, (_, i) => batch * batch_size + i);
        const [A, B] = sides.map((side) =>
          side.resident.crops(indices.map((index) => this.#crop(side, side.order[index], epoch, index))),
        );
        yield { A, B, height: crop_size, width: crop_size };
      }
    } finally {
      for (const { resident } of sides) resident.dispose();
    }
  }

  /** The pictures, of the source first. Throws a CutgpuError where one is smaller than the crop. */
  #read(): Promise<Side[]> {
    const { filesA, filesB, direction, input_nc, output_nc, read } = this.#options;
    const [source, target] = direction === "BtoA" ? [filesB, filesA] : [filesA, filesB];
    const side = async (name: "A" | "B", [path]: readonly string[], channels: 1 | 3): Promise<Side> => {
      const picture = await read(path, channels);
      sizeInTraining(picture, this.#options, path);
      return { name, path, picture };
    };
    return Promise.all([side("A", source, input_nc), side("B", target, output_nc)]);
  }

  #random(epoch: number, what: string): Random {
    return new Random(this.#options.seed).fork(`data, epoch ${epoch}, ${what}`);
  }

  #order(epoch: number, side: string): Int32Array {
    return this.#random(epoch, `order of ${side}`).permutation(CROPS);
  }

  /** Tile number `tile`, modulo the number of tiles. */
  #crop({ name, picture }: Side, tile: number, epoch: number, index: number): Crop {
    const { crop_size: side, random_scale_max, no_flip } = this.#options;
    const random = this.#random(epoch, `sample ${index}`).fork(name);
    const zoomed = (length: number) => {
      const factor = 1 / random_scale_max + random.next() * (1 - 1 / random_scale_max);
      return roundHalfEven(Math.max(side, length * factor));
    };
    const [width, height] = [zoomed(picture.width), zoomed(picture.height)];
    const [across, down] = [Math.floor(width / side), Math.floor(height / side)];
    const number = tile % (across * down);
    const left = random.integer(width - across * side + 1) + side * Math.floor(number / down);
    const top = random.integer(height - down * side + 1) + side * (number % down);
    const square = resampledSquare(picture, { width, height }, { left, top, side });
    return { ...square, flip: !no_flip && random.next() < 0.5 };
  }
}
