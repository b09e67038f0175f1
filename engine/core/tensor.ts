// A Tensor is a shape over a Storage (a GPU buffer, or, while a program is being recorded, the promise of one), and
// where gradients are wanted the node of the tape that made it. Tensors are contiguous, row-major, f32, i32 or, on an
// engine that was opened for it, f16, which kernels compute with as f32; images are NCHW.
// Memory is explicit: dispose a tensor, or make it inside gpu.scope(), which disposes all that it does not return.

import type { Gpu } from "../device/gpu.js";
import { partStart } from "../device/memory.js";
import { checkValue } from "./check-options.js";
import { type Dtype, type Elements, elementBytes, elementsOf, type Numbers } from "./elements.js";
import { DisposedError, GradientError, RecordingError, ShapeError } from "./errors.js";
import { SHAPE, type Shape, sameShape, sizeOf } from "./shapes.js";
import type { TapeNode } from "./tape.js";

export { type Dtype, type Shape, sizeOf };

/**
 * Bytes shared by the tensors that alias them (a reshape makes an alias): in a buffer of their own, or as a part of
 * another storage's (see unite).
 */
export class Storage {
  readonly bytes: number;
  readonly label: string;
  /** The recording this storage belongs to, if any: then lifetimes are the program's business. */
  readonly virtual: boolean;
  /** Whether it holds f16. */
  readonly half: boolean;
  /** Tensors that alias it and are not disposed; of a whole, its parts. */
  references = 1;
  #buffer: GPUBuffer | null;
  #whole: Storage | null = null;
  #offset = 0;

  constructor(bytes: number, label: string, buffer: GPUBuffer | null, virtual: boolean, half = false) {
    this.bytes = bytes;
    this.half = half;
    this.label = label;
    this.#buffer = buffer;
    this.virtual = virtual;
  }

  /** What has the buffer: the storage that this one is a part of, else itself. */
  get root(): Storage {
    return this.#whole?.root ?? this;
  }

  /** Null while the storage is a promise inside a program being recorded, and after it is freed. */
  get buffer(): GPUBuffer | null {
    return this.root.#buffer;
  }

  set buffer(buffer: GPUBuffer | null) {
    this.root.#buffer = buffer;
  }

  /** Where it begins in the buffer, in bytes. */
  get offset(): number {
    return (this.#whole?.offset ?? 0) + this.#offset;
  }

  /** Gives it memory: a buffer, from a place on. */
  place(buffer: GPUBuffer, offset: number): void {
    this.root.#buffer = buffer;
    this.root.#offset = offset;
  }

  /** So many of its bytes, from a place on that buffers can be bound from (see partStart). */
  part(offset: number, bytes: number): Storage {
    const part = new Storage(bytes, this.label, null, this.virtual, this.half);
    part.#whole = this;
    part.#offset = offset;
    this.root.references++;
    return part;
  }

  /**
   * Makes storages without buffers the parts of one, in their order, so that one dispatch can work on all of them.
   * Equal sizes make equal offsets. What lies between parts has no meaning.
   */
  static unite(parts: readonly Storage[]): Storage {
    let end = 0;
    for (const part of parts) {
      part.#offset = partStart(end);
      end = part.#offset + part.bytes;
    }
    const [{ label, virtual, half }, ...others] = parts;
    const name = others.length ? `${label} and ${others.length} more` : label;
    const whole = new Storage(end, name, null, virtual, half);
    whole.references = parts.length;
    for (const part of parts) part.#whole = whole;
    return whole;
  }
}

/**
 * Numbers on the GPU: f32, i32 or f16, contiguous, row-major, images NCHW. Its memory is given back by dispose(), or by
 * the gpu.scope() in which it was made and that does not return it.
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
  /** What made this tensor, while gradients were being recorded. */
  node: TapeNode | null = null;
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

  /** Marks a leaf as wanting a gradient. Returns the tensor itself. Throws a GradientError for one of i32. */
  requireGrad(): this {
    if (this.dtype === "i32") throw new GradientError("a tensor of i32 has no gradient", "Use cast() first.");
    this.requiresGrad = true;
    return this;
  }

  /**
   * Copies numbers in, as many as the tensor's size; to an i32 only whole ones. Takes effect after everything given to
   * the GPU so far.
   */
  write(data: Numbers): void {
    const elements = elementsOf(data, this.dtype);
    if (elements.length !== this.size) {
      throw new ShapeError(
        `write: ${elements.length} numbers for a tensor of shape [${this.shape}] (${this.size})`,
        `Give ${this.size} numbers.`,
      );
    }
    const { gpu, storage } = this;
    const halves = storage.half && gpu.kernels.halves?.encode(elements as Float32Array);
    gpu.queue.write(this.requireBuffer(), halves || elements, storage.offset);
  }

  /**
   * Copies the elements of another tensor of the same shape and dtype in, on the GPU: inside a recording in every
   * replay, elsewhere at once, as between replays.
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
    if (source.gpu !== gpu) throw new ShapeError("copyFrom: the tensors are on different devices", "Read and write().");
    if (!sameShape(source.shape, shape) || source.dtype !== dtype) {
      throw new ShapeError(
        `copyFrom: ${source.dtype} [${source.shape}] does not fit ${dtype} [${shape}]`,
        "Give a tensor of the same shape and dtype.",
      );
    }
    if (gpu.recorder) gpu.recorder.copy(source, this);
    else {
      const from = { buffer: source.requireBuffer(), offset: source.storage.offset };
      const to = { buffer: this.requireBuffer(), offset: this.storage.offset };
      gpu.queue.copy(from, to, elementBytes(dtype) * this.size);
    }
  }

  /**
   * The elements, once the GPU has made them: a Float32Array, of an i32 tensor an Int32Array (in TypeScript
   * `read<"i32">()`). Several reads may be under way at a time.
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
    // Says that it was disposed.
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
   * So many of the elements as a shape has, from element `start` on, in the same memory and without the tape; null if
   * buffers cannot be bound from there. Only for what nobody writes to any more.
   */
  part(start: number, shape: Shape): Tensor | null {
    const bytes = elementBytes(this.dtype);
    const at = bytes * start;
    if (partStart(at) !== at) return null;
    return new Tensor(this.gpu, shape, this.dtype, this.storage.part(at, bytes * sizeOf(shape)));
  }

  /** The same elements, cut off from the tape. */
  detach(): Tensor {
    return this.alias(this.shape);
  }

  requireBuffer(): GPUBuffer {
    if (this.#disposed) throw new DisposedError(`a tensor of shape [${this.shape}] was used after dispose()`);
    if (!this.storage.buffer) {
      throw new RecordingError(
        `a tensor of shape [${this.shape}] has no content yet: its program is still being recorded`,
        "Read or write it after the program is made.",
      );
    }
    return this.storage.buffer;
  }

  /** Gives the memory back. The tensor, and what the tape saved through it, must not be used afterwards. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.node = null;
    this.gpu.release(this);
  }

  /** The same, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Calls `visit` for every tensor that can be reached from a value: through arrays, Maps (keys too), Sets, and the
 * fields of objects, of whatever class. What a class keeps in #private fields, or a function in its closure, stays
 * unseen.
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
