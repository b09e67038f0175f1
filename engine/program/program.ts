// A step recorded once and replayed many times. While `record` runs its function, operators dispatch as usual, but
// nothing runs: the recording keeps the dispatches, and every tensor made on the way is virtual, without memory.
// Afterwards live ranges are known, so tensors whose live ranges do not overlap share memory. Those that overlap may
// also lie in one buffer unless a dispatch reads one and writes the other: WebGPU forbids reading and writing one
// buffer in the same dispatch, whatever the ranges. Pipelines are compiled in parallel, bind groups and uniforms made
// once; a replay is one encoder and one pass, and allocates nothing.
// Only the content of tensors made outside (inputs, parameters) may change between replays, never shapes or kernels.

import { abortable, type CancellationOptions } from "../core/cancellation.js";
import { callback, checkOptions, checkValue, object, oneOf } from "../core/check-options.js";
import { DisposedError } from "../core/errors.js";
import { type Storage, visitTensors } from "../core/tensor.js";
import type { Gpu } from "../device/gpu.js";
import { type Kernel, UNIFORM_SLOT } from "../device/kernel.js";
import { partStart } from "../device/memory.js";
import type { ReplayTimestamps } from "../device/observers.js";
import type { Dispatch } from "../device/recorder.js";
import { BUFFER_COPY_DST, BUFFER_UNIFORM } from "../device/webgpu-flags.js";
import { fuse } from "./fusion.js";
import { Recording } from "./recording.js";
import type { Rematerialize } from "./rematerialization.js";

type Recorded = Pick<Recording, "dispatches" | "constants">;

/** The live range of a storage: from the first to the last dispatch that binds it. */
interface LiveRange {
  storage: Storage;
  first: number;
  last: number;
  /** The storages that may not share its buffer: some dispatch reads one of the two and writes the other. */
  conflicts: Set<Storage>;
  /** Its offset in its buffer, in bytes. */
  offset: number;
}

/** The first free offset for a storage in a buffer where others are allocated; -1 if there is none. */
function findOffset(allocated: readonly LiveRange[], range: LiveRange, size: number): number {
  const overlapping = allocated.filter((other) => other.first <= range.last && range.first <= other.last);
  if (overlapping.some(({ storage }) => range.conflicts.has(storage))) return -1;
  const { bytes } = range.storage;
  const free = (start: number) =>
    start + bytes <= size && overlapping.every((o) => o.offset + o.storage.bytes <= start || start + bytes <= o.offset);
  const starts = [0, ...overlapping.map((other) => partStart(other.offset + other.storage.bytes))];
  return starts.sort((a, b) => a - b).find(free) ?? -1;
}

interface Command {
  kernel: Kernel;
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  offsets: number[];
  grid: readonly [number, number, number];
}

/**
 * Buffers that several programs share, so that the replay of one overwrites the intermediate results of the others.
 *
 * @example
 * ```ts
 * const arena = new Arena();
 * const x = gpu.tensor([3, 4]);
 * const lengthOf = await record(gpu, () => sqrt(sum(square(x))), arena);
 * const meanOf = await record(gpu, () => mean(square(x)), arena); // its squares lie where the other's did
 * for (const { program } of [lengthOf, meanOf]) program.replay();
 * console.log(await lengthOf.result.item(), await meanOf.result.item()); // 5 12.5
 * for (const { program } of [lengthOf, meanOf]) program.dispose();
 * ```
 */
export class Arena {
  readonly buffers: GPUBuffer[] = [];
  /** Number of programs that use it and are not disposed. */
  programs = 0;
}

export interface RecordOptions extends CancellationOptions {
  /** What the backward pass recomputes instead of keeping it; results are the same to the bit. By default "cheap". */
  rematerialize?: Rematerialize;
}

/**
 * Records `work` and prepares it for replay, which takes the time to compile the kernels that are new. The tensors that
 * `work` returns (found as gpu.scope finds them) keep memory of their own; all others made inside share memory, and are
 * disposed as at the end of a scope. `work` must not be async. Rejects with a DeviceLostError if the device is lost.
 *
 * @example
 * ```ts
 * import { mul, openGpu, record, sum } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const x = gpu.tensor([1, 2, 3]);
 * const { program, result } = await record(gpu, () => sum(mul(x, x)));
 * program.replay();
 * console.log(await result.item()); // 14
 * x.write(Float32Array.of(0, 3, 4));
 * program.replay();
 * console.log(await result.item()); // 25
 * program.dispose();
 * gpu.dispose();
 * ```
 */
export async function record<T>(
  gpu: Gpu,
  work: () => T,
  arena: Arena = new Arena(),
  options: RecordOptions = {},
): Promise<{ program: Program; result: T }> {
  checkValue("record: the arena", arena, [(value) => value instanceof Arena, "an Arena; options come after it"]);
  checkOptions("record", options, {
    signal: object,
    onProgress: callback,
    rematerialize: oneOf("nothing", "cheap", "everything"),
  });
  const { signal, onProgress, rematerialize = "cheap" } = options;
  signal?.throwIfAborted();
  const recording = new Recording(rematerialize);
  let result: T;
  try {
    result = gpu.recordInto(recording, work);
  } catch (error) {
    recording.discard(gpu);
    throw error;
  }
  const kept = new Set<Storage>();
  visitTensors(result, (tensor) => kept.add(tensor.storage));
  const dispatches = fuse(recording.dispatches, kept);
  const program = new Program(gpu, { dispatches, constants: recording.constants }, kept, arena);
  gpu.observers.tell("onProgram", program, dispatches);
  try {
    await program.prepare({ signal, onProgress });
    // A lost device compiles anything.
    gpu.check();
  } catch (error) {
    program.dispose();
    throw error;
  }
  return { program, result };
}

/**
 * A recorded step: its dispatches, ready to be replayed, and the memory that they share, which dispose() frees.
 *
 * @example
 * ```ts
 * const x = gpu.empty([2]);
 * const { program, result } = await record(gpu, () => square(x));
 * x.write([2, 3]);
 * program.replay();
 * console.log(program.length, await result.read()); // 1 4,9
 * program.dispose();
 * ```
 */
export class Program {
  /** Number of dispatches in one replay. */
  readonly length: number;
  /** Bytes allocated for the program's own tensors, including the arena's buffers. */
  readonly bytes: number;
  readonly #gpu: Gpu;
  readonly #dispatches: Dispatch[];
  readonly #arena: Arena;
  /** Buffers of kept tensors and of constants. */
  readonly #own: GPUBuffer[];
  /** The memory of tensors made outside, which may be disposed before a replay. */
  readonly #outside: ReadonlySet<Storage>;
  #commands: Command[] = [];
  #uniforms: GPUBuffer | null = null;
  #disposed = false;

  constructor(gpu: Gpu, { dispatches, constants }: Recorded, kept: ReadonlySet<Storage>, arena: Arena) {
    this.#gpu = gpu;
    this.#own = constants;
    this.#dispatches = dispatches;
    this.#arena = arena;
    arena.programs++;
    this.length = dispatches.length;
    this.#outside = new Set(dispatches.flatMap(({ storages }) => storages.filter(({ virtual }) => !virtual)));
    this.bytes = this.#allocate(kept);
  }

  /** Compiles all pipelines in parallel and makes bind groups and uniforms. */
  async prepare({ signal, onProgress }: CancellationOptions = {}): Promise<void> {
    this.#checkOutside("record");
    const gpu = this.#gpu;
    const kernels = this.#dispatches.map((run) => gpu.kernels.get(run.source, run.constants, run.storages));
    const distinct = [...new Set(kernels)];
    let compiled = 0;
    const compiling = gpu.withErrorScope(() =>
      distinct.map(async (kernel) => {
        await kernel.compile();
        compiled++;
        if (!signal?.aborted) onProgress?.(compiled / distinct.length);
      }),
    );
    // Compilation cannot be cancelled, but the caller need not wait for it: compiled kernels stay in the cache.
    await abortable(Promise.all(compiling), signal);
    const slots = new DataView(new ArrayBuffer(Math.max(1, this.length) * UNIFORM_SLOT));
    const uniforms = gpu.createBuffer({
      label: "program uniforms",
      size: slots.byteLength,
      usage: BUFFER_UNIFORM | BUFFER_COPY_DST,
    });
    this.#commands = this.#dispatches.map(({ storages, params, grid }, index) => {
      const kernel = kernels[index];
      const offset = index * UNIFORM_SLOT;
      kernel.packParams(params, slots, offset);
      const buffers = storages.map(({ buffer, offset, bytes }) => ({ buffer: buffer as GPUBuffer, offset, bytes }));
      const offsets = kernel.source.params.length ? [offset] : [];
      return { kernel, pipeline: kernel.pipeline, bindGroup: kernel.bindGroup(buffers, uniforms), offsets, grid };
    });
    gpu.device.queue.writeBuffer(uniforms, 0, slots.buffer);
    this.#uniforms = uniforms;
    // From now on only the commands are needed.
    this.#dispatches.length = 0;
  }

  /**
   * Runs the recorded step with the current content of its inputs. Returns at once, before the GPU is done. Throws a
   * DisposedError if the program or a tensor made outside that it uses was disposed.
   * `timestamps` are written for the single pass of a replay or, given as a function, for each dispatch, which then has
   * its own pass.
   */
  replay(timestamps?: ReplayTimestamps): void {
    const gpu = this.#gpu;
    gpu.check();
    if (this.#disposed) throw new DisposedError("replay: the program was disposed", "Record another one.");
    this.#checkOutside("replay");
    gpu.queue.flush();
    gpu.withErrorScope(() => {
      const encoder = gpu.device.createCommandEncoder();
      if (typeof timestamps === "function") {
        for (const [i, command] of this.#commands.entries()) this.#encodePass(encoder, [command], timestamps(i));
      } else this.#encodePass(encoder, this.#commands, timestamps);
      gpu.device.queue.submit([encoder.finish()]);
    });
  }

  /** The buffer of a disposed tensor may by now be another tensor's, which a replay would read or overwrite. */
  #checkOutside(name: string): void {
    for (const { buffer, label } of this.#outside) {
      if (buffer) continue;
      throw new DisposedError(
        `${name}: the program uses ${label}, which was disposed`,
        "Keep it as long as the program.",
      );
    }
  }

  #encodePass(
    encoder: GPUCommandEncoder,
    commands: readonly Command[],
    timestampWrites?: GPUComputePassTimestampWrites,
  ): void {
    const pass = encoder.beginComputePass(timestampWrites && { timestampWrites });
    let current: GPUComputePipeline | null = null;
    for (const command of commands) {
      const { pipeline, grid } = command;
      if (pipeline !== current) {
        pass.setPipeline(pipeline);
        current = pipeline;
      }
      pass.setBindGroup(0, command.bindGroup, command.offsets);
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    }
    pass.end();
  }

  /** Names of the kernels in order, for profiles and tests. */
  kernels(): string[] {
    return this.#commands.map(({ kernel }) => kernel.label);
  }

  /** Frees the program's own memory; the arena's is freed with the last program that uses it. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const buffer of this.#own) this.#gpu.releaseBuffer(buffer);
    this.#own.length = 0;
    this.#arena.programs--;
    if (this.#arena.programs === 0) {
      for (const buffer of this.#arena.buffers) this.#gpu.releaseBuffer(buffer);
      this.#arena.buffers.length = 0;
    }
    if (this.#uniforms) this.#gpu.destroyBuffer(this.#uniforms);
    this.#commands = [];
  }

  /** dispose(), for `using` declarations. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * Allocates every virtual storage: from the largest to the smallest, each in the first buffer that has room during
   * its live range (greedy by size, as in Pisarchyk and Lee, "Efficient memory management for deep neural net
   * inference", 2020).
   */
  #allocate(kept: ReadonlySet<Storage>): number {
    const ranges = new Map<Storage, LiveRange>();
    this.#dispatches.forEach(({ storages, source }, index) => {
      const bound = storages.map(({ root }, i) => ({ root, access: source.bindings[i].access }));
      for (const { root: storage, access } of bound) {
        if (!storage.virtual || storage.buffer) continue;
        const range = ranges.get(storage) ?? { storage, first: index, last: index, conflicts: new Set(), offset: 0 };
        range.last = index;
        for (const other of bound) if (other.access !== access) range.conflicts.add(other.root);
        ranges.set(storage, range);
      }
    });
    let bytes = 0;
    for (const { root: storage } of kept) {
      if (!storage.virtual || storage.buffer) continue;
      const buffer = this.#gpu.acquireBuffer(storage, true);
      storage.place(buffer, 0);
      this.#own.push(buffer);
      bytes += buffer.size;
    }
    const allocated: LiveRange[][] = this.#arena.buffers.map(() => []);
    const bySize = [...ranges.values()]
      .filter(({ storage }) => !storage.buffer)
      .sort((a, b) => b.storage.bytes - a.storage.bytes || a.first - b.first);
    for (const range of bySize) {
      const { storage } = range;
      const offsets = this.#arena.buffers.map(({ size }, i) => findOffset(allocated[i], range, size));
      let index = offsets.findIndex((offset) => offset >= 0);
      if (index < 0) {
        this.#arena.buffers.push(this.#gpu.acquireBuffer({ bytes: storage.bytes, label: "program" }, true));
        allocated.push([]);
        index = allocated.length - 1;
      }
      range.offset = Math.max(0, offsets[index] ?? 0);
      allocated[index].push(range);
      storage.place(this.#arena.buffers[index], range.offset);
    }
    for (const buffer of this.#arena.buffers) bytes += buffer.size;
    return bytes;
  }
}
