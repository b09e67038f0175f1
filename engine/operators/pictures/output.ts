// Output of pictures. A tensor is drawn on a canvas on the GPU, without a round trip through the CPU; ImageData, which
// is CPU memory, is read back. Kernels are compute pipelines, so this file has render pipelines of its own.
import { to_canvas } from "../../../shaders/pictures.generated.js";
import type { Gpu } from "../../core/gpu.js";
import type { Tensor } from "../../core/tensor.js";
import { UNIFORM_SLOT } from "../../device/kernel.js";
import { BUFFER_COPY_DST, BUFFER_UNIFORM } from "../../device/webgpu-flags.js";
import { ArgumentError, ShapeError } from "../../lib/errors.js";
import { shapeIn } from "../../lib/shapes.js";
import { requireRunning } from "./require-running.js";

/** A pipeline for every format of a canvas, and the uniform buffer that they share. */
interface Drawing {
  pipelines: Map<GPUTextureFormat, GPURenderPipeline>;
  params: GPUBuffer;
}

/** A canvas's last configuration; configuring it again would clear it. */
interface Configured {
  gpu: Gpu;
  context: GPUCanvasContext;
}

const drawings = /* @__PURE__ */ new WeakMap<Gpu, Drawing>();
const configured = /* @__PURE__ */ new WeakMap<object, Configured>();

/** Bytes of the struct Params in shaders/pictures/to_canvas.wgsl, rounded up to a multiple of 16 as uniforms need. */
const PARAMS_BYTES = 16;
/** Vertices of the one triangle that covers the target. */
const VERTICES = 3;
const LEVELS = 255;

/**
 * Draws a tensor [1, C, H, W] (C 3 or 1) with values in [-1, 1] on a canvas and sets the canvas's size to W x H. The
 * canvas must have no context of another kind, such as "2d". Nothing is read back.
 *
 * @example
 * ```ts
 * const canvas = globalThis.document?.querySelector("canvas"); // there is one on a page
 * if (canvas) toCanvas(full(gpu, [1, 3, 64, 64], 1), canvas); // white
 * ```
 */
export function toCanvas(tensor: Tensor, canvas: HTMLCanvasElement | OffscreenCanvas): void {
  const [channels, height, width] = pictureShape("toCanvas", tensor);
  const { gpu } = tensor;
  if (tensor.dtype !== "f32") throw new ShapeError(`toCanvas: the picture is ${tensor.dtype}`, "cast() it to f32.");
  requireRunning("toCanvas", gpu);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = contextOf(gpu, canvas);
  gpu.queue.flush();
  gpu.withErrorScope(() => {
    const texture = context.getCurrentTexture();
    const { pipeline, params } = drawingOf(gpu, texture.format);
    gpu.device.queue.writeBuffer(params, 0, Uint32Array.of(width, height, channels));
    const bindGroup = gpu.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [
        { binding: 0, resource: { buffer: tensor.requireBuffer(), offset: tensor.storage.offset } },
        { binding: 1, resource: { buffer: params, size: PARAMS_BYTES } },
      ],
    });
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view: texture.createView(), loadOp: "clear", storeOp: "store" }],
    });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.draw(VERTICES);
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
  });
}

/**
 * The pixels of a tensor [1, C, H, W] (C 3 or 1) with values in [-1, 1]: an ImageData, or under Node an object with the
 * same members. Values are clamped and rounded down to 8-bit levels, as when pictures are saved.
 *
 * @example
 * ```ts
 * const pixels = await toImageData(gpu.tensor([-1, 1], [1, 1, 1, 2]));
 * console.log(pixels.data); // 0, 0, 0, 255, 255, 255, 255, 255
 * ```
 */
export async function toImageData(tensor: Tensor): Promise<ImageData> {
  const [channels, height, width] = pictureShape("toImageData", tensor);
  const planes = await tensor.read();
  const area = width * height;
  const data = new Uint8ClampedArray(4 * area).fill(LEVELS);
  for (let c = 0; c < 3; c++) {
    const plane = channels === 1 ? 0 : c * area;
    for (let i = 0; i < area; i++) {
      const value = Math.min(1, Math.max(-1, planes[plane + i]));
      data[4 * i + c] = Math.floor(Math.fround((Math.fround(value + 1) / 2) * LEVELS));
    }
  }
  if (typeof ImageData !== "undefined") return new ImageData(data, width, height);
  return { width, height, data, colorSpace: "srgb" } as ImageData;
}

function pictureShape(what: string, x: Tensor): [channels: number, height: number, width: number] {
  const shape = shapeIn(what, x);
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

/** The pipeline for targets of a format, and its uniform buffer. */
function drawingOf(gpu: Gpu, format: GPUTextureFormat): { pipeline: GPURenderPipeline; params: GPUBuffer } {
  let drawing = drawings.get(gpu);
  if (!drawing) {
    const usage = BUFFER_UNIFORM | BUFFER_COPY_DST;
    const params = gpu.createBuffer({ label: "canvas params", size: UNIFORM_SLOT, usage });
    drawing = { pipelines: new Map(), params };
    drawings.set(gpu, drawing);
  }
  const { pipelines, params } = drawing;
  let pipeline = pipelines.get(format);
  if (!pipeline) {
    const module = gpu.device.createShaderModule({ label: "to_canvas", code: to_canvas.code });
    pipeline = gpu.device.createRenderPipeline({
      label: "to_canvas",
      layout: "auto",
      vertex: { module, entryPoint: "cover" },
      fragment: { module, entryPoint: "main", targets: [{ format }] },
    });
    pipelines.set(format, pipeline);
  }
  return { pipeline, params };
}
