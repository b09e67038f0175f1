// Pictures in and out without a detour over the CPU where WebGPU has a way: a page's images, canvases and video frames are
// copied to a texture on the GPU and from there into a tensor; a tensor is drawn on a canvas. ImageData, which is memory of the
// CPU, is uploaded and read. Textures are outside of what kernels bind, so this file has pipelines of its own.
// Colours are sRGB as the page shows them; tensors are [1, 3, H, W] in [-1, 1], as CUT's networks take them.
import { from_texture, to_canvas } from "../../../shaders/pictures.generated.js";
import { ArgumentError, LimitError, RecordingError, ShapeError } from "../../core/errors.js";
import type { Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";
import { UNIFORM_SLOT } from "../../device/kernel.js";
import { BufferUsage, ShaderStage, TextureUsage } from "../../device/webgpu-flags.js";

/** What ImageData is, for where that class does not exist: rows from the top, RGBA, alpha not multiplied in. */
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

interface Pipelines {
  load: GPUComputePipeline;
  draw: Map<GPUTextureFormat, GPURenderPipeline>;
  params: GPUBuffer;
}

/** What a canvas was last given; configuring anew would clear it. */
interface Configured {
  gpu: Gpu;
  context: GPUCanvasContext;
}

const pipelines = /* @__PURE__ */ new WeakMap<Gpu, Pipelines>();
const configured = /* @__PURE__ */ new WeakMap<object, Configured>();

/**
 * The tensor [1, 3, H, W] in [-1, 1] of a picture in its own size; transparency is laid on white. Throws an ArgumentError for a
 * picture without pixels (not loaded yet, or broken), and a LimitError for one larger than a texture.
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
export function fromImage(gpu: Gpu, source: ImageSource): Tensor {
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
  refuseRecording("fromImage", gpu);
  const tensor = gpu.empty([1, 3, height, width]);
  const { load } = pipelinesOf(gpu);
  gpu.queue.flush();
  gpu.guarded(() => {
    const texture = isTexture(source) ? source : uploaded(gpu.device, source, width, height);
    const bindGroup = gpu.device.createBindGroup({
      layout: load.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: texture.createView() },
        { binding: 1, resource: { buffer: tensor.requireBuffer() } },
      ],
    });
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(load);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(Math.ceil(width / 8), Math.ceil(height / 8));
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    // Destroying waits for the commands that use it.
    if (texture !== source) texture.destroy();
  });
  return tensor;
}

/**
 * Shows a tensor [1, C, H, W] (C 3 or 1) with values in [-1, 1] on a canvas, whose size becomes W x H. The canvas must have no
 * context of another kind, such as "2d". Nothing is read back.
 */
export function toCanvas(tensor: Tensor, canvas: HTMLCanvasElement | OffscreenCanvas): void {
  const { gpu } = tensor;
  const [channels, height, width] = pictureShape("toCanvas", tensor);
  refuseRecording("toCanvas", gpu);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = contextOf(gpu, canvas);
  gpu.queue.flush();
  gpu.guarded(() => {
    const texture = context.getCurrentTexture();
    const { pipeline, params } = drawing(gpu, texture.format);
    gpu.device.queue.writeBuffer(params, 0, Uint32Array.of(width, height, channels));
    const bindGroup = gpu.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: { buffer: tensor.requireBuffer() } },
        { binding: 1, resource: { buffer: params, size: 16 } },
      ],
    });
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view: texture.createView(), loadOp: "clear", storeOp: "store" }],
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.draw(3);
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
  });
}

/**
 * The pixels of a tensor [1, C, H, W] (C 3 or 1) with values in [-1, 1]: an ImageData, or under Node an object with the same
 * members. Values are clamped; fractions of a level are cut off, as where pictures are saved.
 */
export async function toImageData(tensor: Tensor): Promise<ImageData> {
  const [channels, height, width] = pictureShape("toImageData", tensor);
  const planes = await tensor.read();
  const area = width * height;
  const data = new Uint8ClampedArray(4 * area).fill(255);
  for (let c = 0; c < 3; c++) {
    const plane = channels === 1 ? 0 : c * area;
    for (let i = 0; i < area; i++) {
      const value = Math.min(1, Math.max(-1, planes[plane + i]));
      data[4 * i + c] = Math.floor(Math.fround((Math.fround(value + 1) / 2) * 255));
    }
  }
  if (typeof ImageData !== "undefined") return new ImageData(data, width, height);
  return { width, height, data, colorSpace: "srgb" } as ImageData;
}

/** A program replays kernels on tensors; pictures come in before and go out after. */
function refuseRecording(what: string, gpu: Gpu): void {
  if (gpu.recorder)
    throw new RecordingError(`${what} cannot be part of a program`, "Call it before or after a replay.");
}

function sizeOfImage(source: ImageSource): [number, number] {
  // An element's width may be that of its layout; what it holds has names of its own.
  if ("videoWidth" in source) return [source.videoWidth, source.videoHeight];
  if ("naturalWidth" in source) return [source.naturalWidth, source.naturalHeight];
  if ("displayWidth" in source) return [source.displayWidth, source.displayHeight];
  return [source.width, source.height];
}

const isTexture = (source: ImageSource): source is GPUTexture => "createView" in source;

/** A new texture with the picture's pixels. */
function uploaded(
  device: GPUDevice,
  source: Exclude<ImageSource, GPUTexture>,
  width: number,
  height: number,
): GPUTexture {
  const size = [width, height];
  const usage = TextureUsage.TEXTURE_BINDING | TextureUsage.COPY_DST | TextureUsage.RENDER_ATTACHMENT;
  const texture = device.createTexture({ label: "picture", size, format: "rgba8unorm", usage });
  if ("data" in source) {
    device.queue.writeTexture({ texture }, source.data, { bytesPerRow: 4 * width }, size);
  } else {
    device.queue.copyExternalImageToTexture({ source }, { texture, colorSpace: "srgb" }, size);
  }
  return texture;
}

function pictureShape(what: string, { shape }: Tensor): [channels: number, height: number, width: number] {
  const [batch, channels, height, width] = shape;
  if (shape.length !== 4 || batch !== 1 || (channels !== 3 && channels !== 1)) {
    throw new ShapeError(`${what}: got [${shape}]`, "Give one picture, [1, 3, H, W] or [1, 1, H, W].");
  }
  return [channels, height, width];
}

function contextOf(gpu: Gpu, canvas: HTMLCanvasElement | OffscreenCanvas): GPUCanvasContext {
  const known = configured.get(canvas);
  if (known?.gpu === gpu) return known.context;
  const context = canvas.getContext("webgpu") as GPUCanvasContext | null;
  if (!context) {
    throw new ArgumentError(
      "toCanvas: the canvas gives no webgpu context",
      "Use a canvas on which no other context was asked for.",
    );
  }
  const format = typeof navigator === "undefined" ? undefined : navigator.gpu?.getPreferredCanvasFormat();
  context.configure({ device: gpu.device, format: format ?? "rgba8unorm", alphaMode: "opaque" });
  configured.set(canvas, { gpu, context });
  return context;
}

function pipelinesOf(gpu: Gpu): Pipelines {
  let made = pipelines.get(gpu);
  if (!made) {
    made = gpu.guarded(() => ({
      load: gpu.device.createComputePipeline({
        label: "from_texture",
        layout: gpu.device.createPipelineLayout({ bindGroupLayouts: [loadLayout(gpu.device)] }),
        compute: { module: gpu.device.createShaderModule({ label: "from_texture", code: from_texture }) },
      }),
      draw: new Map(),
      params: gpu.createBuffer({
        label: "canvas params",
        size: UNIFORM_SLOT,
        usage: BufferUsage.UNIFORM | BufferUsage.COPY_DST,
      }),
    }));
    pipelines.set(gpu, made);
  }
  return made;
}

/** Every float format will do, those that cannot be filtered included. */
const loadLayout = (device: GPUDevice): GPUBindGroupLayout =>
  device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: ShaderStage.COMPUTE, texture: { sampleType: "unfilterable-float" } },
      { binding: 1, visibility: ShaderStage.COMPUTE, buffer: { type: "storage" } },
    ],
  });

function drawing(gpu: Gpu, format: GPUTextureFormat): { pipeline: GPURenderPipeline; params: GPUBuffer } {
  const { draw, params } = pipelinesOf(gpu);
  let pipeline = draw.get(format);
  if (!pipeline) {
    const module = gpu.device.createShaderModule({ label: "to_canvas", code: to_canvas });
    pipeline = gpu.device.createRenderPipeline({
      label: "to_canvas",
      layout: "auto",
      vertex: { module, entryPoint: "cover" },
      fragment: { module, entryPoint: "main", targets: [{ format }] },
    });
    draw.set(format, pipeline);
  }
  return { pipeline, params };
}
