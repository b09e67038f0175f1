// A Tensor is a shape over a Storage (a GPU buffer or, while a program is being recorded, a virtual one without memory)
// and, where gradients are wanted, the tape node that produced it. Tensors are contiguous, row-major, f32, i32 or, on
// an engine opened with f16, f16 (kernels compute in f32); images are NCHW.
// Memory is explicit: dispose a tensor, or make it inside gpu.scope(), which disposes all tensors it does not return.

import { partStart } from "../device/memory.js";
import type { Storage } from "../device/storage.js";
import { checkValue, tensor } from "../lib/check-options.js";
import { type Dtype, type Elements, elementBytes, elementsOf, type Numbers } from "../lib/elements.js";
import { DisposedError, GradientError, RecordingError, ShapeError } from "../lib/errors.js";
import { SHAPE, type Shape, sameShape, sizeOf } from "../lib/shapes.js";
import type { Gpu } from "./gpu.js";
import type { TapeNode } from "./tape.js";

export { type Dtype, type Shape, sizeOf };

/**
 * Numbers on the GPU: f32, i32 or f16, contiguous, row-major, images NCHW. Its memory is freed by dispose(), or by the
 * gpu.scope() in which it was made, unless that returns it.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([[1, 2, 3], [4, 5, 6]]);
 * console.log(x.shape, await x.read()); // 2,3 1,2,3,4,5,6
 * x.write([6, 5, 4, 3, 2, 1]);
 * console.log(await x.read()); // 6, 5, 4, 3, 2, 1
 * x.dispose();
 * ```
 */
export class Tensor {
  readonly gpu: Gpu;
  readonly shape: Shape;
  readonly dtype: Dtype;
  readonly storage: Storage;
  /** Leaves with requiresGrad receive `.grad` from backward(). */
  requiresGrad = false;
  grad: Tensor | null = null;
  /** The tape node that produced this tensor, or null if gradients were not recorded; undefined once it is disposed. */
  node: TapeNode | null | undefined = null;
  #disposed = false;

  constructor(gpu: Gpu, shape: Shape, dtype: Dtype, storage: Storage) {
    this.gpu = gpu;
    this.shape = shape;
    this.dtype = dtype;
    this.storage = storage;
    gpu.scopes.track(this);
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** True if backward() must visit the tensor: a leaf that wants a gradient, or a result computed from one. */
  get tracked(): boolean {
    return this.requiresGrad || this.node !== null;
  }

  /** Marks a leaf as requiring a gradient. Returns the tensor itself. Throws a GradientError for an i32 tensor. */
  requireGrad(): this {
    if (this.dtype === "i32") throw new GradientError("a tensor of i32 has no gradient", "Use cast() first.");
    this.requiresGrad = true;
    return this;
  }

  /**
   * Overwrites the tensor with numbers, as many as its size; an i32 tensor takes whole numbers only. Takes effect after
   * everything submitted so far.
   */
  write(data: Numbers): void {
    const { gpu, storage, dtype, shape } = this;
    const elements = elementsOf("write", data, dtype, shape);
    const halves = storage.half && gpu.kernels.halves?.encode(elements as Float32Array);
    gpu.queue.write(this.requireBuffer(), halves || elements, storage.offset);
  }

  /**
   * Overwrites the tensor with the elements of another one of the same shape and dtype, on the GPU: in every replay if
   * recorded, otherwise at once (between replays too). The two may be parts of one buffer, and may overlap.
   *
   * @example
   * ```ts
   * import { openGpu, record, square } from "cutgpu";
   *
   * const gpu = await openGpu();
   * const x = gpu.empty([2]);
   * const { program, result } = await record(gpu, () => square(x));
   * x.copyFrom(gpu.tensor([2, 3]));
   * program.replay();
   * console.log(await result.read()); // 4, 9
   * gpu.dispose();
   * ```
   */
  copyFrom(source: Tensor): void {
    const { gpu, shape, dtype } = this;
    checkValue("copyFrom: the source", source, tensor);
    if (source.gpu !== gpu) throw new ShapeError("copyFrom: the tensors are on different devices", "Read and write().");
    if (!sameShape(source.shape, shape) || source.dtype !== dtype) {
      throw new ShapeError(
        `copyFrom: ${source.dtype} [${source.shape}] does not fit ${dtype} [${shape}]`,
        "Give a tensor of the same shape and dtype.",
      );
    }
    if (source.storage.root === this.storage.root) {
      // WebGPU copies within one buffer neither by its own command nor by a kernel.
      gpu.scope(() => {
        const copy = gpu.empty(shape, dtype);
        copy.copyFrom(source);
        this.copyFrom(copy);
      });
    } else if (gpu.recorder) gpu.recorder.copy(source, this);
    else {
      const from = { buffer: source.requireBuffer(), offset: source.storage.offset };
      const to = { buffer: this.requireBuffer(), offset: this.storage.offset };
      gpu.queue.copy(from, to, elementBytes(dtype) * this.size);
    }
  }

  /**
   * The elements, once the GPU has computed them: a Float32Array, or an Int32Array for an i32 tensor (in TypeScript
   * `read<"i32">()`). Several reads may be pending at a time.
   */
  async read<D extends Dtype = "f32">(): Promise<Elements[D]> {
    const bytes = await this.gpu.readBytes(this);
    const halves = this.storage.half && this.gpu.kernels.halves?.decode(bytes);
    return (halves || (this.dtype === "i32" ? new Int32Array(bytes) : new Float32Array(bytes))) as Elements[D];
  }

  /** The only element of a one-element tensor. */
  async item(): Promise<number> {
    if (this.size !== 1)
      throw new ShapeError(
        `item: a tensor of shape [${this.shape}] holds ${this.size} numbers`,
        "Reduce it first, or read() it.",
      );
    return (await this.read())[0];
  }

  /**
   * The same elements under another shape of equal size, without the tape (see the reshape operator for one with it).
   */
  alias(shape: Shape): Tensor {
    // Throws the error for a disposed tensor.
    if (this.#disposed) this.requireBuffer();
    checkValue("reshape: the shape", shape, SHAPE);
    if (sizeOf(shape) !== this.size) {
      throw new ShapeError(
        `reshape: [${this.shape}] holds ${this.size} numbers and [${shape}] would hold ${sizeOf(shape)}`,
        "The products of the sizes must be equal.",
      );
    }
    this.storage.references++;
    return new Tensor(this.gpu, shape, this.dtype, this.storage);
  }

  /**
   * A view of `shape` starting at element `start`, without the tape, or null if misaligned. The tensor must not be
   * written afterwards.
   */
  part(start: number, shape: Shape): Tensor | null {
    const bytes = elementBytes(this.dtype);
    const offset = bytes * start;
    if (partStart(offset) !== offset) return null;
    return new Tensor(this.gpu, shape, this.dtype, this.storage.part(offset, bytes * sizeOf(shape)));
  }

  /** The same elements, detached from the tape. */
  detach(): Tensor {
    return this.alias(this.shape);
  }

  requireBuffer(): GPUBuffer {
    if (this.#disposed) throw new DisposedError(`a tensor of shape [${this.shape}] was used after dispose()`);
    if (!this.storage.buffer) {
      throw new RecordingError(
        `a tensor of shape [${this.shape}] has no content until its program is made`,
        "Read or write it afterwards.",
      );
    }
    return this.storage.buffer;
  }

  /** Frees the memory. The tensor, and anything the tape saved through it, must not be used afterwards. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.node &&= undefined;
    this.gpu.release(this);
  }

  /** dispose(), for `using` declarations. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Calls `visit` for every tensor reachable from a value: through arrays, Maps (keys too), Sets, and the fields of
 * objects of any class. #private fields and the variables in closures are not searched.
 */
export function visitTensors(value: unknown, visit: (tensor: Tensor) => void, seen = new Set<unknown>()): void {
  if (typeof value !== "object" || !value || ArrayBuffer.isView(value) || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Tensor) visit(value);
  else {
    const entries = value instanceof Map || value instanceof Set ? value.entries() : Object.values(value);
    for (const item of entries) visitTensors(item, visit, seen);
  }
}
