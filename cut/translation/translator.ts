// Translation of pictures of any size with a trained generator, without files. A picture is padded by reflection to a
// multiple of 4 and cropped back, never squashed. The generator is recorded once for a size, which also shares its
// memory: a recorded pass needs the few largest feature maps, not all of them.

import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import { abortable, type CancellationOptions } from "../../engine/lib/cancellation.js";
import { ShapeError } from "../../engine/lib/errors.js";
import { cast } from "../../engine/operators/selection/index.js";
import { Arena } from "../../engine/program/allocation.js";
import { type Program, record } from "../../engine/program/program.js";
import type { Picture } from "../data/picture.js";
import { resizePicture, scaledSides } from "../data/resize.js";
import { frozen, type Parameters, type PictureGenerator } from "../networks/network.js";
import { paddedSides, padForGenerator, SMALLEST_SIDE } from "./padding.js";
import { SizedPass } from "./sized-pass.js";

interface Pass {
  program: Program;
  input: Tensor;
  output: Tensor;
}

/**
 * Translates pictures with a generator.
 *
 * @example
 * ```ts
 * import { openGpu, Random } from "cutgpu";
 * import { Generator, initialWeights, Translator, writeParameters } from "cutgpu/cut";
 *
 * const gpu = await openGpu();
 * // A trained one: loadGenerator(gpu, bytes of a .safetensors or .pth file, "its name")
 * const architecture = { input_nc: 3, output_nc: 3, ngf: 4, blocks: 4, no_antialias: false, no_antialias_up: false };
 * const generator = new Generator(gpu, architecture);
 * const init = { init_type: "xavier", init_gain: 0.02 } as const;
 * writeParameters(generator.parameters, initialWeights(Generator.shapes(architecture), new Random(1), init));
 *
 * const translator = new Translator(gpu, generator);
 * const gray = { width: 20, height: 12, channels: 3 as const, data: new Uint8Array(20 * 12 * 3).fill(128) };
 * const picture = await translator.translate(gray);
 * console.log(picture.width, picture.height); // 20 12
 * translator.dispose();
 * gpu.dispose();
 * ```
 */
export class Translator {
  readonly generator: PictureGenerator;
  readonly #passes: SizedPass<Pass, [CancellationOptions]>;

  /** `weights` are others than the generator's own. */
  constructor(gpu: Gpu, generator: PictureGenerator, weights: Parameters = generator.parameters) {
    this.generator = generator;
    this.#passes = new SizedPass(async ({ height, width }, own, progress) => {
      const work = () => {
        const input = gpu.empty([1, generator.architecture.input_nc, height, width]);
        return { input, output: cast(generator.translate(cast(input, gpu.precision), frozen(weights)), "f32") };
      };
      const { program, result } = await record(gpu, () => gpu.noGrad(work), new Arena(), progress);
      return { ...result, program: own(program) };
    });
  }

  /**
   * The translation of a picture, of the same size; `size` first scales the picture so that its longer side is that
   * long. Throws a LimitError for a picture that is too large for the adapter. Calls at once are done one after the
   * other.
   */
  async translate(picture: Picture, size: number | null = null, work: CancellationOptions = {}): Promise<Picture> {
    const { signal, onProgress } = work;
    signal?.throwIfAborted();
    const [width, height] = size === null ? [picture.width, picture.height] : scaledSides(picture, size);
    const recording = { signal, onProgress: (done: number) => onProgress?.(done / 2) };
    // Before anything is scaled: whether the adapter can hold a picture of this size, the recording finds out.
    const submit = ({ input, program, output }: Pass) => {
      signal?.throwIfAborted();
      const padded = padForGenerator(resizePicture(picture, width, height), this.generator.architecture);
      input.write(padded.planes);
      program.replay();
      const reading = output.read();
      // Nobody awaits it where the call is aborted.
      reading.catch(() => {});
      // In an object, so that the next use does not wait for it.
      return { padded, reading };
    };
    const submitted = this.#passes.use(paddedSides(width, height), submit, recording);
    const { padded, reading } = await abortable(submitted, signal);
    const output = await abortable(reading, signal);
    onProgress?.(1);
    return padded.unpad(output);
  }

  /**
   * The translation of a tensor [1, C, H, W] in [-1, 1], sides multiples of 4 and at least 8, without a detour over the
   * CPU: for fromImage() and toCanvas(). The result is the translator's own: the next call overwrites it, and it is not
   * to be disposed.
   */
  async translateTensor(image: Tensor, work: CancellationOptions = {}): Promise<Tensor> {
    work.signal?.throwIfAborted();
    const [batch, channels, height, width] = image.shape;
    const { input_nc } = this.generator.architecture;
    const whole = height % 4 === 0 && width % 4 === 0 && Math.min(height, width) >= SMALLEST_SIDE;
    if (image.shape.length !== 4 || batch !== 1 || channels !== input_nc || !whole) {
      throw new ShapeError(
        `translateTensor: got [${image.shape}] and the generator takes [1,${input_nc},H,W]`,
        `Give sides that are multiples of 4 and at least ${SMALLEST_SIDE}, or use translate().`,
      );
    }
    const submit = ({ input, program, output }: Pass) => {
      input.copyFrom(image);
      program.replay();
      return output;
    };
    return this.#passes.use({ height, width }, submit, work);
  }

  /** Frees the memory of the recorded pass, except the generator's. */
  dispose(): void {
    this.#passes.dispose();
  }
}
