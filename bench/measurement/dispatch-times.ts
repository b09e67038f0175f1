// How long each dispatch of a recorded program takes: every one is a pass of its own, with the GPU's timestamps around
// it. The passes' own cost, some microseconds, is in every figure, and what a GPU does beside each other within one
// pass it does in turn here: the sum is more than the program takes. Which kernels are worth the work shows all the
// same.
import { CutgpuError } from "../../engine/core/errors.js";
import type { Gpu } from "../../engine/device/gpu.js";
import type { Replayable } from "../../engine/device/observers.js";
import { BufferUsage, MapMode } from "../../engine/device/webgpu-flags.js";
import { timingOf } from "./measure.js";

/** Queries that a set can have (WebGPU's limit), two to a dispatch. */
const SET = 4096;
const ROUNDS = 7;

/** Median milliseconds of each of the program's `count` dispatches. Throws where the adapter has no timestamps. */
export async function timeDispatches(gpu: Gpu, program: Replayable, count: number): Promise<number[]> {
  const { device } = gpu;
  if (!device.features.has("timestamp-query")) {
    throw new CutgpuError("BENCH", "this adapter has no timestamps, so single kernels cannot be timed");
  }
  const sets = Array.from({ length: Math.ceil((2 * count) / SET) }, () =>
    device.createQuerySet({ type: "timestamp", count: SET }),
  );
  const size = 8 * SET * sets.length;
  const resolved = device.createBuffer({ size, usage: BufferUsage.QUERY_RESOLVE | BufferUsage.COPY_SRC });
  const staging = device.createBuffer({ size, usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST });
  const round = async () => {
    program.replay((i) => {
      const begin = (2 * i) % SET;
      const querySet = sets[Math.floor((2 * i) / SET)];
      return { querySet, beginningOfPassWriteIndex: begin, endOfPassWriteIndex: begin + 1 };
    });
    const encoder = device.createCommandEncoder();
    for (const [i, set] of sets.entries()) encoder.resolveQuerySet(set, 0, SET, resolved, 8 * SET * i);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MapMode.READ);
    const stamps = new BigUint64Array(staging.getMappedRange().slice(0));
    staging.unmap();
    return Array.from({ length: count }, (_, i) => Number(stamps[2 * i + 1] - stamps[2 * i]) / 1e6);
  };
  try {
    await round(); // Drivers compile at the first dispatch.
    const rounds: number[][] = [];
    while (rounds.length < ROUNDS) rounds.push(await round());
    gpu.check();
    return Array.from({ length: count }, (_, i) => timingOf(rounds.map((times) => times[i])).median);
  } finally {
    for (const each of [...sets, resolved, staging]) each.destroy();
  }
}
