// A step recorded once and replayed many times. While `record` runs its function, operators dispatch as usual, but
// nothing runs: the recording keeps the dispatches, and every tensor made on the way is virtual, without memory.
// Afterwards live ranges are known, so tensors share memory (allocation.ts). Pipelines are compiled in parallel, bind
// groups and uniforms made once; a replay is one pass in each of its submits, and allocates nothing.
// Only the content of tensors made outside (inputs, parameters) may change between replays, never shapes or kernels.

import type { Gpu } from "../core/gpu.js";
import type { ReplayTimestamps } from "../core/observers.js";
import type { Dispatch } from "../core/recorder.js";
import { visitTensors } from "../core/tensor.js";
import { type Kernel, UNIFORM_SLOT } from "../device/kernel.js";
import { foldGrid } from "../device/kernel-source.js";
import { BYTES_PER_SUBMIT } from "../device/queue.js";
import type { Storage } from "../device/storage.js";
import { BUFFER_COPY_DST, BUFFER_UNIFORM } from "../device/webgpu-flags.js";
import { abortable, type CancellationOptions } from "../lib/cancellation.js";
import { callback, checkOptions, checkValue, flag, object, oneOf } from "../lib/check-options.js";
import { DisposedError } from "../lib/errors.js";
import { VEC4S_PER_THREAD } from "../operators/lib/pointwise-kernels.js";
import { mergeAxes } from "../operators/lib/views.js";
import { Arena, allocate } from "./allocation.js";
import { Recording } from "./recording.js";
import type { Rematerialize } from "./rematerialization.js";

type Recorded = Pick<Recording, "dispatches" | "constants">;

interface Command {
  kernel: Kernel;
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  offsets: number[];
  grid: readonly [number, number, number];
}

export interface RecordOptions extends CancellationOptions {
  /** What the backward pass recomputes instead of keeping it; results are the same. By default "cheap". */
  rematerialize?: Rematerialize;
  /**
   * Whether chains of elementwise operators become one kernel each. By default on GPUs; a CPU takes longer to compile
   * kernels. Drivers may then round a multiplication and an addition once, so the last digits can differ.
   */
  fusePointwise?: boolean;
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
    fusePointwise: flag,
  });
  const { signal, onProgress, rematerialize = "cheap", fusePointwise = gpu.profile === "gpu" } = options;
  signal?.throwIfAborted();
  const recording = new Recording(rematerialize);
  const kept = new Set<Storage>();
  let result: T;
  let dispatches: Dispatch[];
  try {
    result = gpu.recordInto(recording, work);
    // At once, since an optimizer may be made before the rest is done.
    for (const { storages } of recording.dispatches) for (const { root } of storages) root.bound = true;
    visitTensors(result, (tensor) => kept.add(tensor.storage));
    const { fuse } = await import("./fusion.js");
    const perThread = VEC4S_PER_THREAD[gpu.profile];
    dispatches = fuse(recording.dispatches, kept, fusePointwise && gpu, { foldGrid, mergeAxes, perThread });
  } catch (error) {
    recording.discard(gpu);
    throw error;
  }
  const program = new Program(gpu, { dispatches, constants: recording.constants }, arena);
  gpu.observers.tell("onProgram", program, dispatches);
  try {
    await program.prepare(kept, { signal, onProgress });
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
  readonly #gpu: Gpu;
  readonly #dispatches: Dispatch[];
  readonly #arena: Arena;
  /** Buffers of kept tensors and of constants. */
  readonly #own: GPUBuffer[];
  /** The memory of tensors made outside, which may be disposed before a replay. */
  readonly #outside: ReadonlySet<Storage>;
  /** By submit. */
  #commands: Command[][] = [];
  #uniforms: GPUBuffer | null = null;
  #bytes = 0;
  #disposed = false;

  constructor(gpu: Gpu, { dispatches, constants }: Recorded, arena: Arena) {
    this.#gpu = gpu;
    this.#own = constants;
    this.#dispatches = dispatches;
    this.#arena = arena;
    arena.programs++;
    this.length = dispatches.length;
    this.#outside = new Set(dispatches.flatMap(({ storages }) => storages.filter(({ virtual }) => !virtual)));
  }

  /** Bytes allocated for the program's own tensors, including the arena's buffers. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Allocates memory, compiles all pipelines in parallel and makes bind groups and uniforms. */
  async prepare(kept: ReadonlySet<Storage>, { signal, onProgress }: CancellationOptions): Promise<void> {
    const gpu = this.#gpu;
    const { own, bytes } = await allocate(gpu, this.#dispatches, kept, this.#arena);
    this.#own.push(...own);
    this.#bytes = bytes;
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
    this.#checkOutside("record");
    const slots = new DataView(new ArrayBuffer(Math.max(1, this.length) * UNIFORM_SLOT));
    const uniforms = gpu.createBuffer({
      label: "program uniforms",
      size: slots.byteLength,
      usage: BUFFER_UNIFORM | BUFFER_COPY_DST,
    });
    let bound = Number.POSITIVE_INFINITY;
    for (const [index, { storages, params, grid }] of this.#dispatches.entries()) {
      const kernel = kernels[index];
      const offset = index * UNIFORM_SLOT;
      kernel.packParams(params, slots, offset);
      const buffers = storages.map(({ buffer, offset, bytes }) => ({ buffer: buffer as GPUBuffer, offset, bytes }));
      const offsets = kernel.uniformBytes ? [offset] : [];
      const bindGroup = kernel.bindGroup(buffers, uniforms);
      if (bound > BYTES_PER_SUBMIT) {
        this.#commands.push([]);
        bound = 0;
      }
      for (const { bytes } of storages) bound += bytes;
      this.#commands.at(-1)?.push({ kernel, pipeline: kernel.pipeline, bindGroup, offsets, grid });
    }
    gpu.device.queue.writeBuffer(uniforms, 0, slots.buffer);
    this.#uniforms = uniforms;
    // From now on only the commands are needed.
    this.#dispatches.length = 0;
  }

  /**
   * Runs the recorded step with the current content of its inputs. Returns at once, before the GPU is done. Throws a
   * DisposedError if the program or a tensor made outside that it uses was disposed.
   * `timestamps` are written for the whole replay or, given as a function, for each dispatch, which then has its own
   * pass.
   */
  replay(timestamps?: ReplayTimestamps): void {
    const gpu = this.#gpu;
    gpu.check();
    if (this.#disposed) throw new DisposedError("replay: the program was disposed", "Record another one.");
    this.#checkOutside("replay");
    gpu.queue.flush();
    gpu.withErrorScope(() => {
      let dispatch = 0;
      for (const [i, commands] of this.#commands.entries()) {
        const encoder = gpu.device.createCommandEncoder();
        if (typeof timestamps === "function") {
          for (const command of commands) this.#encodePass(encoder, [command], timestamps(dispatch++));
        } else {
          this.#encodePass(encoder, commands, timestamps && timestampsOf(i, this.#commands.length, timestamps));
        }
        gpu.device.queue.submit([encoder.finish()]);
      }
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
    return this.#commands.flat().map(({ kernel }) => kernel.label);
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
}

/** Of the timestamps of a whole replay those of pass `i`: the first pass has the beginning, the last one the end. */
function timestampsOf(
  i: number,
  passes: number,
  { querySet, beginningOfPassWriteIndex, endOfPassWriteIndex }: GPUComputePassTimestampWrites,
): GPUComputePassTimestampWrites | undefined {
  if (passes === 1) return { querySet, beginningOfPassWriteIndex, endOfPassWriteIndex };
  if (i === 0) return { querySet, beginningOfPassWriteIndex };
  return i === passes - 1 ? { querySet, endOfPassWriteIndex } : undefined;
}
