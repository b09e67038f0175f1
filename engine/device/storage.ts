// The memory of tensors: a GPU buffer or a part of one, or, while a program is being recorded, a virtual one that gets
// its place when the program is made. Kernels are bound to storages; shapes and gradients are the tensor's.
import { partStart } from "./memory.js";

/**
 * Memory shared by the tensors that alias it (a reshape makes an alias): a buffer of its own, or a part of another
 * storage's buffer (see flatten and part).
 */
export class Storage {
  readonly bytes: number;
  readonly label: string;
  /** Whether it belongs to a recording: the program then allocates its memory and manages its lifetime. */
  readonly virtual: boolean;
  /** Whether it holds f16. */
  readonly half: boolean;
  /** Number of live tensors that alias it; of a storage with parts, its live parts too. */
  references = 1;
  /** Whether a recorded program has bound the buffer, which must then stay the same. */
  bound = false;
  /** What it is a part of, if of anything. */
  base: Storage | null = null;
  #buffer: GPUBuffer | null = null;
  #offset = 0;

  constructor(bytes: number, label: string, virtual: boolean, half = false) {
    this.bytes = bytes;
    this.label = label;
    this.virtual = virtual;
    this.half = half;
  }

  /** The storage that owns the buffer: the outermost one that this is a part of, or itself. */
  get root(): Storage {
    return this.base?.root ?? this;
  }

  /** Null while the storage is virtual, in a program being recorded, and after it is freed. */
  get buffer(): GPUBuffer | null {
    return this.root.#buffer;
  }

  set buffer(buffer: GPUBuffer | null) {
    this.root.#buffer = buffer;
  }

  /** Its offset in the buffer, in bytes. */
  get offset(): number {
    return (this.base?.offset ?? 0) + this.#offset;
  }

  /** Assigns memory: a buffer, from an offset on. */
  place(buffer: GPUBuffer, offset: number): void {
    this.buffer = buffer;
    this.root.#offset = offset;
  }

  /** Gives up its own buffer, and is from now on where another storage is. */
  moveTo(other: Storage): void {
    this.#buffer = null;
    this.base = other;
  }

  /** A sub-range of `bytes` bytes at `offset`, which must satisfy the binding alignment (see partStart). */
  part(offset: number, bytes: number): Storage {
    const part = new Storage(bytes, this.label, this.virtual, this.half);
    part.base = this;
    part.#offset = offset;
    this.references++;
    return part;
  }

  /**
   * Makes storages without buffers the parts of one flat storage, in order, so that one dispatch can process them all.
   * Equal sizes give equal offsets. The padding between parts has no meaning.
   */
  static flatten(parts: readonly Storage[]): Storage {
    let end = 0;
    for (const part of parts) {
      part.#offset = partStart(end);
      end = part.#offset + part.bytes;
    }
    const [{ label, virtual, half }, ...others] = parts;
    const name = others.length ? `${label} and ${others.length} more` : label;
    const flat = new Storage(end, name, virtual, half);
    flat.references = parts.length;
    for (const part of parts) part.base = flat;
    return flat;
  }
}
