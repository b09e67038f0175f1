// The time of each dispatch of a recorded program: each is a pass of its own between two GPU timestamps. Every figure
// includes the pass's own cost, some microseconds, and dispatches that would overlap within one pass run one after the
// other: the sum is more than the program takes. It still shows which kernels are worth optimizing.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Replayable } from "../../engine/core/observers.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import { timingOf } from "./measure.js";
import { between, Timestamps } from "./timestamps.js";

const ROUNDS = 7;
/** Replays in all. In the first drivers compile. */
export const REPLAYS = 1 + ROUNDS;

/**
 * Median milliseconds of each of the program's `count` dispatches. Throws where the adapter has no timestamps.
 * `onReplay` is called after each of the REPLAYS, and may throw to end them.
 */
export async function timeDispatches(
  gpu: Gpu,
  program: Replayable,
  count: number,
  onReplay: () => void = () => {},
): Promise<number[]> {
  const timestamps = Timestamps.of(gpu, count);
  if (!timestamps) {
    throw new CutgpuError("BENCH", "this adapter has no timestamps, so single kernels cannot be timed");
  }
  try {
    const replays: number[][] = [];
    while (replays.length < REPLAYS) {
      program.replay((dispatch) => timestamps.writes(dispatch));
      replays.push((await timestamps.read()).map(between));
      onReplay();
    }
    const rounds = replays.slice(-ROUNDS);
    gpu.check();
    return rounds[0].map((_, i) => timingOf(rounds.map((times) => times[i])).median);
  } finally {
    timestamps.dispose();
  }
}
