// Unpaired training data: batches of pictures from two folders that need not correspond. Everything random about a
// sample is a function of (seed, epoch, index of the sample), so that a resumed run continues with exactly the batches
// of an unbroken one, without stored state. A picture that cannot be decoded is replaced by a random one of its list:
// if it were the next one, a run of broken files would repeat their neighbour through much of an epoch. The caller
// provides the decoder (sharp in Node, the browser's own in a page); reading runs ahead of the consumer, and scaled
// pictures stay in memory up to a budget.
import { CutgpuError } from "../../engine/lib/errors.js";
import { Random } from "../../engine/lib/random.js";
import { type Picture, PictureError, picturesToPlanes, type Size } from "./picture.js";
import { augmentPicture, optionsInEpoch, scalePicture, type TransformOptions } from "./transform.js";

/** How many batches are being prepared while one is used. */
const BATCHES_AHEAD = 3;
const GIBIBYTE = 2 ** 30;

export interface DatasetOptions extends TransformOptions {
  /** Paths of the pictures of the two domains, as listPictures gives them. */
  filesA: string[];
  filesB: string[];
  /** Reads a picture of the lists; rejects with a PictureError where it cannot be decoded. */
  read: (path: string, channels: 1 | 3) => Promise<Picture>;
  /** BtoA makes domain B the source, which batches call A. */
  direction: "AtoB" | "BtoA";
  /** Channels of the source (batches' A) and of the target (B). */
  input_nc: 1 | 3;
  output_nc: 1 | 3;
  batch_size: number;
  /** Samples in the order of the lists, paired by index, instead of at random. */
  serial_batches: boolean;
  seed: number;
  /** Memory for scaled pictures in bytes; 1 GiB if left out. */
  cacheBytes?: number;
  /** Called once for each picture that cannot be decoded. */
  onSkip?: (path: string, reason: string) => void;
}

/** Source pictures A and target pictures B, by default as planes [N, C, height, width] in [-1, 1]. */
export interface Batch<Pictures = Float32Array> {
  A: Pictures;
  B: Pictures;
  height: number;
  width: number;
}

interface Sample {
  picture: Picture;
  path: string;
}

export class UnalignedDataset {
  /** Samples in an epoch: the length of the longer list. */
  readonly length: number;
  /** Batches in an epoch; samples that do not fill a last batch are left out. */
  readonly batchesPerEpoch: number;
  readonly #options: DatasetOptions;
  readonly #source: string[];
  readonly #target: string[];
  /** Reasons by path. */
  readonly #skipped = new Map<string, string>();
  /** Pictures at `#cacheSize`, the load_size that they were scaled for, by channels and path. */
  readonly #cache = new Map<string, Picture>();
  #cacheSize = 0;
  #cacheRoom = 0;

  /** Throws a CutgpuError where a list is empty or a batch is larger than an epoch. */
  constructor(options: DatasetOptions) {
    this.#options = options;
    const reverse = options.direction === "BtoA";
    this.#source = reverse ? options.filesB : options.filesA;
    this.#target = reverse ? options.filesA : options.filesB;
    if (this.#source.length === 0 || this.#target.length === 0) {
      throw new CutgpuError(
        "DATASET",
        "One of the two domains has no pictures.",
        "Give at least one picture for each.",
      );
    }
    this.length = Math.max(this.#source.length, this.#target.length);
    this.batchesPerEpoch = Math.floor(this.length / options.batch_size);
    if (this.batchesPerEpoch === 0) {
      throw new CutgpuError(
        "DATASET",
        `The data set has ${this.length} samples, fewer than the batch size ${options.batch_size}.`,
        `Use a batch_size of ${this.length} or less, or add pictures.`,
      );
    }
  }

  /** How many pictures could not be decoded so far. */
  get skipped(): number {
    return this.#skipped.size;
  }

  /**
   * The batches of the 1-based `epoch`, from the 0-based batch `from` on; they do not depend on earlier calls. Throws a
   * CutgpuError where pictures are too small, do not fit together in a batch, or where none of a domain can be decoded.
   */
  async *batches({ epoch, from = 0 }: { epoch: number; from?: number }): AsyncGenerator<Batch> {
    const order = this.#order(epoch);
    const pending: Promise<Batch>[] = [];
    for (let batch = from; batch < this.batchesPerEpoch; batch++) {
      while (pending.length <= BATCHES_AHEAD && batch + pending.length < this.batchesPerEpoch) {
        const next = this.#batch(epoch, order, batch + pending.length);
        // A failure is reported when its batch's turn comes; until then it must not count as unhandled.
        next.catch(() => undefined);
        pending.push(next);
      }
      const ready = await pending.shift();
      if (ready) yield ready;
    }
  }

  #random(epoch: number, what: string): Random {
    return new Random(this.#options.seed).fork(`data, epoch ${epoch}, ${what}`);
  }

  #order(epoch: number): Int32Array {
    if (this.#options.serial_batches) return Int32Array.from({ length: this.length }, (_, i) => i);
    return this.#random(epoch, "order").permutation(this.length);
  }

  async #batch(epoch: number, order: Int32Array, number: number): Promise<Batch> {
    const { batch_size, serial_batches, input_nc, output_nc } = this.#options;
    const indices = order.subarray(number * batch_size, (number + 1) * batch_size);
    const samples = await Promise.all(
      Array.from(indices, async (index) => {
        const random = this.#random(epoch, `sample ${index}`);
        const partner = serial_batches ? index : random.integer(this.#target.length);
        return Promise.all([
          this.#sample(this.#source, index, input_nc, epoch, random.fork("A")),
          this.#sample(this.#target, partner, output_nc, epoch, random.fork("B")),
        ]);
      }),
    );
    const first = samples[0][0];
    const { height, width } = first.picture;
    for (const { picture, path } of samples.flat()) {
      if (picture.height === height && picture.width === width) continue;
      throw unequalSizes({ path: first.path, size: first.picture }, { path, size: picture });
    }
    return {
      A: picturesToPlanes(samples.map(([{ picture }]) => picture)),
      B: picturesToPlanes(samples.map(([, { picture }]) => picture)),
      height,
      width,
    };
  }

  /** Picture `index` of the list (modulo its length), or one that can be decoded in its place, augmented. */
  async #sample(list: string[], index: number, channels: 1 | 3, epoch: number, random: Random): Promise<Sample> {
    const options = optionsInEpoch(this.#options, epoch);
    for (const path of candidates(list, index, random.fork("stand-in"))) {
      const scaled = await this.#scaled(path, channels, options);
      if (scaled) return { picture: augmentPicture(scaled, options, random, path), path };
    }
    throw new CutgpuError(
      "DATASET",
      `None of the ${list.length} pictures of a domain can be read; ${list[0]}, for one: ${this.#skipped.get(list[0])}`,
      "Check that the folder holds sound pictures.",
    );
  }

  /** The picture after the deterministic part of its transform, or undefined if it cannot be decoded. */
  async #scaled(path: string, channels: 1 | 3, options: TransformOptions): Promise<Picture | undefined> {
    if (this.#skipped.has(path)) return undefined;
    if (this.#cacheSize !== options.load_size) {
      this.#cache.clear();
      this.#cacheSize = options.load_size;
      this.#cacheRoom = this.#options.cacheBytes ?? GIBIBYTE;
    }
    const key = `${channels} ${path}`;
    const cached = this.#cache.get(key);
    if (cached) return cached;
    try {
      const picture = scalePicture(await this.#options.read(path, channels), options);
      // A full cache stays as it is: every picture is used once per epoch, so that replacing some would save nothing.
      if (this.#cacheSize === options.load_size && !this.#cache.has(key) && picture.data.length <= this.#cacheRoom) {
        this.#cache.set(key, picture);
        this.#cacheRoom -= picture.data.length;
      }
      return picture;
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
      if (!this.#skipped.has(path)) {
        this.#skipped.set(path, error.message);
        this.#options.onSkip?.(path, error.message);
      }
      return undefined;
    }
  }
}

/** The error that two pictures in one batch have unequal sizes. */
export function unequalSizes(one: { path: string; size: Size }, other: { path: string; size: Size }): CutgpuError {
  return new CutgpuError(
    "DATASET",
    `${one.path} (${one.size.width} x ${one.size.height} pixels) and ` +
      `${other.path} (${other.size.width} x ${other.size.height}) meet in a batch.`,
    "Use a preprocess that gives all pictures one size, such as resize_and_crop.",
  );
}

/**
 * Picture `index` of the list, then random replacements; after as many of these as there are pictures, all in order.
 */
function* candidates(list: readonly string[], index: number, random: Random): Generator<string> {
  yield list[index % list.length];
  for (let i = 0; i < list.length; i++) yield list[random.integer(list.length)];
  yield* list;
}
