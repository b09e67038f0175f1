// Crops of one picture as tensors. The picture stays on the GPU; a batch uploads only the positions and resampling
// weights of its crops, a tenth of their pixels' bytes.
import type { Tensor } from "../../engine/core/tensor.js";
import { LimitError } from "../../engine/lib/errors.js";
import { fillWithCrops } from "../../engine/operators/pictures/index.js";
import { LEVELS, type Picture } from "./picture.js";
import type { ResampledSquare } from "./resize.js";

/** A square of the resampled picture, mirrored left to right or not. */
export interface Crop extends ResampledSquare {
  flip: boolean;
}

/** The crops of one side of a batch, of one size and from one picture. */
export class Crops {
  /** Number of values of the crops as planes. */
  readonly length: number;
  /** For each crop's columns and rows, per position: first sample, count, weights. */
  readonly windows: Int32Array;
  readonly #picture: ResidentPicture;

  constructor(crops: readonly Crop[], picture: ResidentPicture, channels: number) {
    const axes = crops.flatMap(({ columns, rows, flip }) => [
      { ...columns, flip },
      { ...rows, flip: false },
    ]);
    const side = axes[0].first.length;
    const stride = 2 + Math.max(...axes.map(({ taps }) => taps));
    this.length = crops.length * channels * side * side;
    this.windows = new Int32Array(axes.length * side * stride);
    this.#picture = picture;
    for (const [axis, { first, count, taps, weights, flip }] of axes.entries()) {
      for (let i = 0; i < side; i++) {
        const at = (axis * side + (flip ? side - 1 - i : i)) * stride;
        this.windows.set([first[i], count[i]], at);
        this.windows.set(weights.subarray(i * taps, i * taps + count[i]), at + 2);
      }
    }
  }

  /** Writes the crops to a tensor [N, C, side, side], in [-1, 1]. */
  fill(tensor: Tensor): void {
    this.#picture.fill(tensor, this.windows);
  }
}

/** A picture that is uploaded when crops of it are first made, and stays on the GPU until it is disposed. */
export class ResidentPicture {
  readonly #picture: Picture;
  readonly #name: string;
  #tensors: { picture: Tensor; levels: Tensor } | null = null;

  /** `name` is the picture's name in error messages. */
  constructor(picture: Picture, name: string) {
    this.#picture = picture;
    this.#name = name;
  }

  crops(crops: readonly Crop[]): Crops {
    return new Crops(crops, this, this.#picture.channels);
  }

  /** Throws a LimitError where one buffer of the adapter is too small for the picture. */
  fill(tensor: Tensor, windows: Int32Array): void {
    const { gpu, shape } = tensor;
    this.#tensors ??= this.#upload(tensor);
    const [squares, , side] = shape;
    const given = gpu.tensor(windows, [squares, 2, side, windows.length / (squares * 2 * side)]);
    fillWithCrops(tensor, { ...this.#tensors, windows: given });
    given.dispose();
  }

  dispose(): void {
    for (const tensor of Object.values(this.#tensors ?? {})) tensor.dispose();
    this.#tensors = null;
  }

  #upload({ gpu, dtype }: Tensor): { picture: Tensor; levels: Tensor } {
    const { width, height, channels, data } = this.#picture;
    const pixels = new Int32Array(width * height);
    for (let i = 0; i < data.length; i++) pixels[Math.floor(i / channels)] |= data[i] << (8 * (i % channels));
    try {
      const picture = gpu.persistent([height, width], "i32");
      picture.write(pixels);
      const levels = gpu.persistent([LEVELS.length], dtype);
      levels.write(LEVELS);
      return { picture, levels };
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      const what = `${this.#name} is ${width} x ${height} pixels, and no buffer of this adapter holds as many`;
      throw Object.assign(new LimitError(what, "Make the picture smaller."), { cause: error });
    }
  }
}
