// What the parts of the page share: one device, and one model with its bytes, so that it can be put on the next device.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import type { CancellationOptions } from "../../engine/lib/cancellation.js";
import { CutgpuError, DeviceLostError, LimitError } from "../../engine/lib/errors.js";
import { conv2d } from "../../engine/operators/convolution/index.js";
import { fromImage, toCanvas } from "../../engine/operators/pictures/index.js";
import type { Picture } from "../data/picture.js";
import { type AnyArchitecture, type AnyGenerator, makeGenerator } from "../networks/any-generator.js";
import { writeParameters } from "../networks/network.js";
import { parseGenerator } from "../training/generator-file.js";
import { TiledTranslator } from "../translation/tiled-translator.js";
import { Translator } from "../translation/translator.js";
import { Device } from "./device.js";

export interface Model {
  name: string;
  /** The file: a checkpoint of a run, or a generator alone. */
  bytes: Uint8Array;
  architecture: AnyArchitecture;
  weights: Map<string, Float32Array<ArrayBuffer>>;
}

/** The model on a device. */
interface Loaded {
  gpu: Gpu;
  generator: AnyGenerator;
  translator: Translator;
}

export class Session {
  readonly #device = new Device();
  #model: Model | null = null;
  /** Its device may be lost by now. */
  #loaded: Loaded | null = null;
  /** The work under way with the model, which does one thing at a time. */
  #busy: Promise<unknown> = Promise.resolve();
  readonly #listeners: ((model: Model) => void)[] = [];

  /** The device. Throws an AdapterError where there is none. */
  gpu(): Promise<Gpu> {
    return this.#device.gpu();
  }

  get model(): Model | null {
    return this.#model;
  }

  /** Sets the model. Throws, and keeps the previous one, where the bytes are no generator for gray or RGB pictures. */
  setModel(name: string, bytes: Uint8Array): void {
    const { architecture, weights } = parseGenerator(bytes, name);
    this.#model = { name, bytes, architecture, weights };
    const old = this.#loaded;
    this.#loaded = null;
    this.#busy = this.#busy.then(() => {
      // The memory of a lost device is gone with it.
      if (!old || old.gpu !== this.#device.current) return;
      old.translator.dispose();
      for (const parameter of old.generator.parameters.values()) parameter.dispose();
    });
    for (const listener of this.#listeners) listener(this.#model);
  }

  onModel(listener: (model: Model) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Translates with the present model on the present device, after all earlier requests: by tiles where the GPU cannot
   * hold the whole, and then with the progress that `tiling` asks for.
   */
  translate(picture: Picture, size: number | null = null, tiling: CancellationOptions = {}): Promise<Picture> {
    return this.#turn(async ({ translator }) => {
      try {
        return await translator.translate(picture, size);
      } catch (error) {
        if (!(error instanceof LimitError)) throw error;
        // On another device where this one was at its end.
        const { gpu, generator } = await this.#ready();
        return new TiledTranslator(gpu, generator).translate(picture, size, tiling);
      }
    });
  }

  /** As translate, of the content of `source`, drawn on `target`: nothing leaves the GPU. Resolves when it is done. */
  translateFrame(source: OffscreenCanvas, target: HTMLCanvasElement): Promise<void> {
    return this.#turn(async ({ gpu, generator, translator }) => {
      const image = fromImage(gpu, source);
      const gray = generator.architecture.input_nc === 1 ? lumaOf(gpu, image) : null;
      try {
        toCanvas(await translator.translateTensor(gray ?? image), target);
        await gpu.finish();
      } finally {
        image.dispose();
        gray?.dispose();
      }
    });
  }

  /** Runs the work after all earlier requests, and once more on a new device if the device is lost meanwhile. */
  #turn<T>(work: (loaded: Loaded) => Promise<T>): Promise<T> {
    const attempt = async () => work(await this.#ready());
    const turn = this.#busy.then(async () => {
      try {
        return await attempt();
      } catch (error) {
        if (!isLoss(error)) throw error;
      }
      this.#device.leave();
      try {
        return await attempt();
      } catch (error) {
        throw isLoss(error)
          ? new DeviceLostError("the GPU was lost twice;", "try again, or a smaller picture.")
          : error;
      }
    });
    this.#busy = turn.catch(() => undefined);
    return turn;
  }

  async #ready(): Promise<Loaded> {
    const gpu = await this.gpu();
    const model = this.#model;
    if (!model) throw new CutgpuError("MODEL", "no model is open;", "open one, or take the demo model.");
    if (this.#loaded?.gpu !== gpu) {
      const generator = makeGenerator(gpu, model.architecture);
      writeParameters(generator.parameters, model.weights);
      this.#loaded = { gpu, generator, translator: new Translator(gpu, generator) };
    }
    return this.#loaded;
  }
}

/** If the browser's whole GPU process is gone, calls fail before the device is known to be lost. */
const isLoss = (error: unknown): boolean =>
  error instanceof DeviceLostError || (error instanceof DOMException && error.name === "OperationError");

/** ITU-R 601 luma [1, 1, H, W] of a picture [1, 3, H, W]. */
function lumaOf(gpu: Gpu, image: Tensor): Tensor {
  return gpu.noGrad(() => gpu.scope(() => conv2d(image, gpu.tensor([0.299, 0.587, 0.114], [1, 3, 1, 1]))));
}
