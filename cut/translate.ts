// Translation of pictures of any size with a trained generator, without files. A picture is padded by reflection to a multiple
// of 4 and cropped back, never squashed. The generator is recorded once for a size, which also shares its memory: a recorded
// pass needs the few largest feature maps, not all of them.
import type { Gpu } from "../engine/gpu.js";
import { Arena, type Program, record } from "../engine/program.js";
import type { Tensor } from "../engine/tensor.js";
import {
  cropPicture,
  type Picture,
  padToMultiple,
  pictureToPlanes,
  planesToPicture,
  toChannels,
} from "./data/picture.js";
import { resizePicture } from "./data/resize.js";
import type { Generator } from "./networks/generator.js";
import { frozen } from "./networks/network.js";

/** Reflection by 3 at full size and by 1 at a quarter of it asks for this many pixels a side; smaller ones are padded more. */
const SMALLEST_SIDE = 8;

interface Pass {
  height: number;
  width: number;
  program: Program;
  input: Tensor;
  output: Tensor;
}

export class Translator {
  readonly generator: Generator;
  readonly #gpu: Gpu;
  #pass: Pass | null = null;

  constructor(gpu: Gpu, generator: Generator) {
    this.#gpu = gpu;
    this.generator = generator;
  }

  /**
   * The translation of a picture, of the same size; `size` first scales the picture so that its longer side is that long.
   * Throws a LimitError for a picture that is too large for the adapter.
   */
  async translate(picture: Picture, size: number | null = null): Promise<Picture> {
    const { input_nc, output_nc } = this.generator.architecture;
    const scaled = size === null ? picture : scaleLongerSide(picture, size);
    const { width, height } = scaled;
    const multiple = Math.min(width, height) < SMALLEST_SIDE ? SMALLEST_SIDE : 4;
    const padded = padToMultiple(toChannels(scaled, input_nc as 1 | 3), multiple);
    const pass = await this.#record(padded.height, padded.width);
    pass.input.write(pictureToPlanes(padded));
    pass.program.replay();
    const planes = await pass.output.read();
    return cropPicture(planesToPicture(planes, output_nc as 1 | 3, padded.height, padded.width), 0, 0, width, height);
  }

  /** Gives the memory of the recorded pass back; the generator stays. */
  dispose(): void {
    this.#pass?.program.dispose();
    this.#pass?.input.dispose();
    this.#pass = null;
  }

  async #record(height: number, width: number): Promise<Pass> {
    if (this.#pass?.height === height && this.#pass.width === width) return this.#pass;
    this.dispose();
    const gpu = this.#gpu;
    const { generator } = this;
    const input = gpu.persistent([1, generator.architecture.input_nc, height, width]);
    const work = () => gpu.noGrad(() => generator.translate(input, frozen(generator.parameters)));
    const { program, result: output } = await record(gpu, work, new Arena());
    this.#pass = { height, width, program, input, output };
    return this.#pass;
  }
}

function scaleLongerSide(picture: Picture, size: number): Picture {
  const factor = size / Math.max(picture.width, picture.height);
  const side = (n: number) => Math.max(1, Math.round(n * factor));
  return resizePicture(picture, side(picture.width), side(picture.height));
}
