// Input of pictures. A page's images, canvases and video frames are copied to a texture on the GPU and from there into
// a tensor, without a round trip through the CPU; ImageData, which is CPU memory, is uploaded. Kernels bind no
// textures, so this file has a pipeline of its own.
import { from_texture } from "../../../shaders/pictures.generated.js";
import type { Gpu } from "../../core/gpu.js";
import type { Tensor } from "../../core/tensor.js";
import {
  STAGE_COMPUTE,
  TEXTURE_BINDING,
  TEXTURE_COPY_DST,
  TEXTURE_RENDER_ATTACHMENT,
} from "../../device/webgpu-flags.js";
import { checkOptions, checkValue, object } from "../../lib/check-options.js";
import { ArgumentError, LimitError, ShapeError } from "../../lib/errors.js";
import { sameShape } from "../../lib/shapes.js";
import { requireRunning } from "./require-running.js";

declare global {
  // The types of workers lack this class; where it exists, this interface merges with it.
  interface HTMLImageElement {
    readonly naturalWidth: number;
    readonly naturalHeight: number;
  }
}

/** The members of ImageData, for platforms without that class: rows from the top, RGBA, alpha not premultiplied. */
export interface ImagePixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** A picture that a tensor can be made from. A GPUTexture must have a float format and the usage TEXTURE_BINDING. */
export type ImageSource =
  | ImageBitmap
  | HTMLImageElement
  | HTMLVideoElement
  | VideoFrame
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageData
  | ImagePixels
  | GPUTexture;

const pipelines = /* @__PURE__ */ new WeakMap<Gpu, GPUComputePipeline>();

export interface FromImageOptions {
  /** A tensor [1, 3, H, W] to write to and return, such as an input of a program, between replays. */
  into?: Tensor;
}

/**
 * A picture as a tensor [1, 3, H, W] in [-1, 1], in its own size; transparent pixels are blended with white. Throws an
 * ArgumentError for a picture without pixels (not loaded yet, or broken) or of another origin that does not allow it,
 * and a LimitError for one larger than a texture.
 *
 * @example
 * ```ts
 * import { fromImage, openGpu, toImageData } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const pixels = { width: 2, height: 1, data: Uint8ClampedArray.of(255, 0, 0, 255, 0, 0, 255, 255) };
 * const tensor = fromImage(gpu, pixels); // or an <img>, <canvas>, <video>, ImageBitmap, VideoFrame
 * console.log(tensor.shape, await tensor.read()); // [1, 3, 1, 2]: 1, -1, -1, -1, -1, 1
 * console.log((await toImageData(tensor)).data); // the pixels again
 * gpu.dispose();
 * ```
 */
export function fromImage(gpu: Gpu, source: ImageSource, options: FromImageOptions = {}): Tensor {
  checkOptions("fromImage", options, { into: object });
  checkValue("fromImage: the picture", source, object);
  const [width, height] = sizeOfImage(source);
  if (!(width > 0 && height > 0)) {
    throw new ArgumentError(
      `fromImage: the picture is ${width} x ${height} pixels`,
      "Wait until it has loaded (image.decode(), the event loadeddata), and check that it could be decoded.",
    );
  }
  const most = gpu.device.limits.maxTextureDimension2D;
  if (width > most || height > most) {
    throw new LimitError(
      `fromImage: the picture is ${width} x ${height} pixels and this adapter allows ${most} a side`,
      "Make it smaller.",
    );
  }
  requireRunning("fromImage", gpu);
  const shape = [1, 3, height, width];
  const tensor = options.into ?? gpu.empty(shape);
  if (!sameShape(tensor.shape, shape) || tensor.dtype !== "f32" || tensor.gpu !== gpu) {
    throw new ShapeError(
      `fromImage: the picture is [${shape}] and cannot go into ${tensor.dtype} [${tensor.shape}]`,
      "Give an f32 tensor of the picture's size on the same device.",
    );
  }
  const pipeline = pipelineOf(gpu);
  const [texelsX, texelsY] = from_texture.workgroupSize;
  gpu.queue.flush();
  const draw = (texture: GPUTexture) => {
    const bindGroup = gpu.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: texture.createView() },
        { binding: 1, resource: { buffer: tensor.requireBuffer(), offset: tensor.storage.offset } },
      ],
    });
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(Math.ceil(width / texelsX), Math.ceil(height / texelsY));
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
  };
  try {
    gpu.withErrorScope(() => (isTexture(source) ? draw(source) : withTexture(gpu.device, source, draw)));
  } catch (error) {
    if (!options.into) tensor.dispose();
    throw error;
  }
  return tensor;
}

function sizeOfImage(source: ImageSource): [number, number] {
  // An element's width may be that of its layout; these are the sizes of its content.
  if ("videoWidth" in source) return [source.videoWidth, source.videoHeight];
  if ("naturalWidth" in source) return [source.naturalWidth, source.naturalHeight];
  if ("displayWidth" in source) return [source.displayWidth, source.displayHeight];
  return [source.width, source.height];
}

const isTexture = (source: ImageSource): source is GPUTexture => "createView" in source;

/** Calls `draw` with a texture of the picture's pixels; throws where the browser does not give them. */
function withTexture(
  device: GPUDevice,
  source: Exclude<ImageSource, GPUTexture>,
  draw: (texture: GPUTexture) => void,
): void {
  const size = sizeOfImage(source);
  const usage = TEXTURE_BINDING | TEXTURE_COPY_DST | TEXTURE_RENDER_ATTACHMENT;
  const texture = device.createTexture({ label: "picture", size, format: "rgba8unorm", usage });
  try {
    try {
      if ("data" in source) {
        device.queue.writeTexture({ texture }, source.data, { bytesPerRow: 4 * size[0] }, size);
      } else {
        device.queue.copyExternalImageToTexture({ source }, { texture, colorSpace: "srgb" }, size);
      }
    } catch (error) {
      throw new ArgumentError(
        `fromImage: the picture's pixels cannot be had (${(error as Error).message.split("\n")[0]})`,
        "It must be whole, and of the page's own origin or loaded with crossOrigin and allowed by its server.",
      );
    }
    draw(texture);
  } finally {
    // It is freed after the submitted commands that use it.
    texture.destroy();
  }
}

function pipelineOf(gpu: Gpu): GPUComputePipeline {
  let pipeline = pipelines.get(gpu);
  if (!pipeline) {
    pipeline = gpu.withErrorScope(() =>
      gpu.device.createComputePipeline({
        label: "from_texture",
        layout: gpu.device.createPipelineLayout({ bindGroupLayouts: [layoutOf(gpu.device)] }),
        compute: { module: gpu.device.createShaderModule({ label: "from_texture", code: from_texture.code }) },
      }),
    );
    pipelines.set(gpu, pipeline);
  }
  return pipeline;
}

/** Takes textures of every float format, also of those that cannot be filtered. */
const layoutOf = (device: GPUDevice): GPUBindGroupLayout =>
  device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: STAGE_COMPUTE, texture: { sampleType: "unfilterable-float" } },
      { binding: 1, visibility: STAGE_COMPUTE, buffer: { type: "storage" } },
    ],
  });
