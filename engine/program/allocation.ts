// The memory of a program's tensors. Those whose live ranges do not overlap share memory. Those that overlap may also
// lie in one buffer unless a dispatch reads one and writes the other: WebGPU forbids reading and writing one buffer in
// the same dispatch, whatever the ranges. Tensors are placed from the largest to the smallest, each in the first buffer
// that has room during its live range (greedy by size, as in Pisarchyk and Lee, "Efficient memory management for deep
// neural net inference", 2020).
import type { Gpu } from "../core/gpu.js";
import type { Dispatch } from "../core/recorder.js";
import { withinMemory, withoutErrorScope } from "../device/error-scopes.js";
import { accessesOf } from "../device/kernel-source.js";
import { partStart } from "../device/memory.js";
import type { Storage } from "../device/storage.js";
import { OutOfMemoryError } from "../lib/errors.js";

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
  /** Settles with the latest allocation. The next one waits, since it must not lie in buffers that may be invalid. */
  allocated: Promise<unknown> = Promise.resolve();
}

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

/**
 * Gives memory to every virtual storage that `dispatches` bind: a buffer of its own to each that is kept, a place in
 * the arena to any other. Returns the buffers of those kept, and the bytes of these and of the arena. Rejects with a
 * LimitError where one is too large for the adapter or all are for the memory that the GPU has left, and then leaves no
 * buffer behind.
 */
export function allocate(
  gpu: Gpu,
  dispatches: readonly Dispatch[],
  kept: ReadonlySet<Storage>,
  arena: Arena,
): Promise<{ own: GPUBuffer[]; bytes: number }> {
  const alone = new Set([...kept].map(({ root }) => root).filter(({ virtual, buffer }) => virtual && !buffer));
  const shared = rangesOf(dispatches).filter(({ storage }) => !alone.has(storage));
  const place = () => placeAll(gpu, alone, shared, arena.buffers);
  const allocation = arena.allocated.then(place).catch((error) => {
    // The first attempt has freed what the engine kept for reuse.
    if (error instanceof OutOfMemoryError) return place();
    throw error;
  });
  arena.allocated = allocation.catch(() => {});
  return allocation;
}

type MakeBuffer = (size: { bytes: number; label: string }) => GPUBuffer;

async function placeAll(
  gpu: Gpu,
  alone: ReadonlySet<Storage>,
  shared: readonly LiveRange[],
  buffers: GPUBuffer[],
): Promise<{ own: GPUBuffer[]; bytes: number }> {
  const made: GPUBuffer[] = [];
  const make: MakeBuffer = (size) => {
    const buffer = gpu.acquireBuffer(size, true, withoutErrorScope);
    made.push(buffer);
    return buffer;
  };
  const own: GPUBuffer[] = [];
  let bytes = 0;
  try {
    await withinMemory(gpu.device, () => {
      for (const storage of alone) {
        const buffer = make(storage);
        storage.place(buffer, 0);
        own.push(buffer);
      }
      placeShared(shared, buffers, make);
      for (const { size } of [...own, ...buffers]) bytes += size;
    });
    return { own, bytes };
  } catch (error) {
    for (const buffer of made) {
      const at = buffers.indexOf(buffer);
      if (at >= 0) buffers.splice(at, 1);
      gpu.releaseBuffer(buffer);
    }
    // Some may be invalid, and none may be reused. Dawn frees their memory after the next submit.
    gpu.trimMemory();
    gpu.device.queue.submit([]);
    await gpu.device.queue.onSubmittedWorkDone().catch(() => undefined);
    throw error;
  }
}

/** Live ranges of all virtual storages without a buffer. */
function rangesOf(dispatches: readonly Dispatch[]): LiveRange[] {
  const ranges = new Map<Storage, LiveRange>();
  dispatches.forEach(({ storages, source }, index) => {
    const bound = accessesOf(source).map((access, i) => ({ root: storages[i].root, access }));
    for (const { root: storage, access } of bound) {
      if (!storage.virtual || storage.buffer) continue;
      const range = ranges.get(storage) ?? { storage, first: index, last: index, conflicts: new Set(), offset: 0 };
      range.last = index;
      for (const other of bound) if (other.access !== access) range.conflicts.add(other.root);
      ranges.set(storage, range);
    }
  });
  return [...ranges.values()];
}

function placeShared(ranges: readonly LiveRange[], buffers: GPUBuffer[], make: MakeBuffer): void {
  const allocated: LiveRange[][] = buffers.map(() => []);
  for (const range of ranges.toSorted((a, b) => b.storage.bytes - a.storage.bytes || a.first - b.first)) {
    const { storage } = range;
    const offsets = buffers.map(({ size }, i) => findOffset(allocated[i], range, size));
    let index = offsets.findIndex((offset) => offset >= 0);
    if (index < 0) {
      buffers.push(make({ bytes: storage.bytes, label: "program" }));
      allocated.push([]);
      index = allocated.length - 1;
    }
    range.offset = Math.max(0, offsets[index] ?? 0);
    allocated[index].push(range);
    storage.place(buffers[index], range.offset);
  }
}
