// A whole CUT step, batch 1: both networks' passes, PatchNCE, the three updates. The step's operators are also repeated
// alone, group by group, with their shapes on tensors of their own, to show the step's cost beyond its convolutions.
import type { Gpu } from "../../engine/core/gpu.js";
import { record } from "../../engine/program/program.js";
import * as reference from "../../engine/reference.js";
import { randomDense } from "../inputs/random-data.js";
import { makeStep, type StepSize } from "../inputs/random-training-step.js";
import type { BenchCase, BenchContext, Outcome } from "../measurement/case.js";
import { type Measurement, measure, measureWall, timingOf, wallTime } from "../measurement/measure.js";
import { type ObservedCall, observe, repeatCalls, totalCost } from "../measurement/observe.js";
import { gigaPerSecond } from "../measurement/rating.js";

/** Groups of operators by purpose; all others are "other". */
const groups: readonly [name: string, operators: RegExp][] = [
  ["conv", /^conv/],
  ["norm", /^instanceNorm/],
  ["nce", /^(patch|gather|scatter|l2|linear|matmul)/],
  ["resample", /^blur|Pad2d/],
  ["adam", /^adam/],
];
const groupOf = ({ operator }: ObservedCall) =>
  groups.find(([, operators]) => operators.test(operator))?.[0] ?? "other";

/** Times the calls of one group alone. */
async function measureGroup(gpu: Gpu, calls: readonly ObservedCall[], signal?: AbortSignal): Promise<Measurement> {
  const { work, dispose } = repeatCalls(gpu, calls);
  try {
    return await measure(gpu, work, { budget: 600, signal });
  } finally {
    dispose();
  }
}

const ROUNDS = 5;
const ESTIMATED =
  "the reference's time is estimated: the step's operations at its rate in a residual block's convolution, " +
  "forward and backward";

/**
 * The time of the calls over the time of `step`, the median of several interleaved pairs: a machine that is slow for a
 * while slows both.
 */
async function shareOfStep(
  gpu: Gpu,
  calls: readonly ObservedCall[],
  step: () => Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { work, dispose } = repeatCalls(gpu, calls);
  const { program } = await record(gpu, work);
  try {
    const shares: number[] = [];
    const replay = () => wallTime(gpu, () => program.replay());
    await replay();
    for (let i = 0; i < ROUNDS; i++) {
      signal?.throwIfAborted();
      shares.push((await replay()) / (await wallTime(gpu, step)));
    }
    return timingOf(shares).median;
  } finally {
    program.dispose();
    dispose();
  }
}

/** Milliseconds that the float64 reference would take: the work over its rate at a residual block's convolution. */
function estimateReference({ ngf, size }: StepSize, flops: number, time: BenchContext["reference"]): number {
  const [channels, side] = [4 * ngf, size / 4];
  const x = randomDense([1, channels, side, side]);
  const w = randomDense([channels, channels, 3, 3]);
  const ms = time(`block ${ngf} ${size}`, () => {
    reference.conv2d(x, w, undefined, { padding: 1 });
    reference.conv2dGradient(x, w, undefined, { padding: 1 }, x);
  });
  return (ms * flops) / (3 * 2 * x.data.length * channels * 9);
}

function run(at: StepSize, breakdown: boolean) {
  return async ({ gpu, signal, reference }: BenchContext): Promise<Outcome> => {
    const { step, prepare, run } = makeStep(gpu, at);
    try {
      const calls = await observe(gpu, prepare);
      const cost = totalCost(calls);
      const measurement = await measureWall(() => run().then(() => gpu.finish()), { budget: 3000, signal });
      const { dispatches, bytes } = step.size;
      const figures: Record<string, number> = { dispatches, program_bytes: bytes };
      for (const name of breakdown ? [...groups.map(([name]) => name), "other"] : ["conv"]) {
        const members = calls.filter((call) => groupOf(call) === name);
        if (members.length === 0) continue;
        const { ms } = await measureGroup(gpu, members, signal);
        figures[`${name}_ms`] = ms.median;
        if (name !== "conv") continue;
        figures["conv_flops"] = totalCost(members).flops;
        figures["conv_gflops"] = gigaPerSecond(figures["conv_flops"], ms.median);
        // The step's rate relative to the rate of its convolutions alone.
        const share = await shareOfStep(gpu, members, run, signal);
        figures["share_of_conv_rate"] = (share * cost.flops) / figures["conv_flops"];
      }
      return {
        measurement: { ...measurement, dispatches, bytes },
        ...cost,
        figures,
        reference_ms: estimateReference(at, cost.flops, reference),
        note: ESTIMATED,
      };
    } finally {
      step.dispose();
      gpu.trimMemory();
    }
  };
}

export function stepCases(): BenchCase[] {
  const sizes: [StepSize, boolean][] = [
    [{ size: 64, ngf: 16, ndf: 16 }, true],
    [{ size: 64, ngf: 64, ndf: 64 }, false],
  ];
  return sizes.map(([at, breakdown]) => ({
    suite: "step",
    kernel: "step",
    variant: "CUT",
    shape: `ngf ${at.ngf} ndf ${at.ndf} at ${at.size}x${at.size}`,
    run: run(at, breakdown),
  }));
}
