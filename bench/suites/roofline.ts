// The adapter's own ceilings, by kernels that do one thing each: multiply-adds in registers, reading and copying
// buffers too large for caches, dispatches and submits of almost no work. Every other row is rated against the first
// three.
import type { Gpu } from "../../engine/core/gpu.js";
import { profileOf } from "../../engine/device/adapter.js";
import { fillWith } from "../../engine/operators/strided/index.js";
import { record } from "../../engine/program/program.js";
import { bench_fma, bench_traffic } from "../../shaders/generated.js";
import { randomTensor } from "../inputs/random-data.js";
import type { BenchCase, BenchContext, Outcome } from "../measurement/case.js";
import { type Measurement, measure, measureWall, SHORT_BUDGET_MS } from "../measurement/measure.js";

/** Chains of multiply-adds in an invocation; the best of them is the ceiling. */
const CHAINS = [4, 8, 12] as const;
/** Beyond the caches of processors and of large GPUs (an H100 has 50 MiB). */
const LARGE_BYTES = { software: 64 * 2 ** 20, gpu: 512 * 2 ** 20 };
/** Vec4s per invocation of the reading and copying kernels; more were slower. */
const PER_THREAD = 4;
/** Invocations of a workgroup of shaders/bench/bench_fma.wgsl and bench_traffic.wgsl. */
const WORKGROUP = 64;

/** Of rows that give a ceiling: all other rates are those of the median. */
const BEST = "its rates are those of the fastest run";

type Run = (context: Pick<BenchContext, "gpu" | "signal">) => Promise<Outcome>;

function fma(chains: number): Run {
  return async ({ gpu, signal }) => {
    const [groups, rounds] = profileOf(gpu.info) === "software" ? [256, 64] : [16384, 256];
    const y = gpu.persistent([groups * WORKGROUP, 4]);
    const work = () =>
      gpu.dispatch(bench_fma, {
        bindings: { y },
        // Converges to a fixed point of 1, so that nothing overflows or becomes denormal.
        params: { rounds, factor: 0.75, offset: 0.25 },
        grid: groups,
        constants: { PER_THREAD: chains },
      });
    const measurement = await measureAndDispose([y], () => measure(gpu, work, { budget: SHORT_BUDGET_MS, signal }));
    // Four links per round, two operations on each of four components.
    const flops = groups * WORKGROUP * rounds * 4 * chains * 8;
    return { measurement, flops, bytes: groups * WORKGROUP * 16, note: BEST };
  };
}

/** Bytes of a buffer too large for caches, or as large as the adapter allows. */
const largeBytes = (gpu: Gpu) =>
  2 ** Math.floor(Math.log2(Math.min(LARGE_BYTES[profileOf(gpu.info)], gpu.device.limits.maxStorageBufferBindingSize)));

/** Reading alone, or reading and writing. */
const traffic =
  (COPY: boolean): Run =>
  async ({ gpu, signal }) => {
    // Neighbouring invocations load neighbours, or each loads a contiguous block.
    const STRIDE = profileOf(gpu.info) === "software" ? 1 : WORKGROUP;
    const vec4s = largeBytes(gpu) / (COPY ? 32 : 16);
    const written = COPY ? vec4s : vec4s / PER_THREAD;
    const tensors = { x: randomTensor(gpu, [vec4s * 4]), y: gpu.persistent([written * 4]) };
    const work = () =>
      gpu.dispatch(bench_traffic, {
        bindings: tensors,
        params: { vec4s },
        grid: vec4s / (WORKGROUP * PER_THREAD),
        constants: { COPY, PER_THREAD, STRIDE },
      });
    const measurement = await measureAndDispose(Object.values(tensors), () =>
      measure(gpu, work, { budget: SHORT_BUDGET_MS, signal }),
    ).finally(() => gpu.trimMemory());
    return { measurement, flops: 0, bytes: 16 * (vec4s + written), note: BEST };
  };

/** Disposes what was measured, also where the measurement is cancelled. */
const measureAndDispose = (owners: readonly { dispose(): void }[], run: () => Promise<Measurement>) =>
  run().finally(() => {
    for (const owner of owners) owner.dispose();
  });

/** The measurement of one of `count` equal parts. */
function divided(measurement: Measurement, count: number): Measurement {
  const { median, min, max } = measurement.ms;
  return { ...measurement, ms: { median: median / count, min: min / count, max: max / count } };
}

const dispatchCost: Run = async ({ gpu, signal }) => {
  const COUNT = 256;
  const tensors = [0, 1].map(() => gpu.persistent([256]));
  const work = () => {
    for (let i = 0; i < COUNT; i++) fillWith(gpu, tensors[i % 2], i);
  };
  const measurement = await measureAndDispose(tensors, () => measure(gpu, work, { budget: SHORT_BUDGET_MS, signal }));
  return { measurement: divided(measurement, COUNT), flops: 0, bytes: 0, note: "one of 256 fills of 1 KiB in a pass" };
};

const submitCost: Run = async ({ gpu, signal }) => {
  const COUNT = 64;
  const tensor = gpu.persistent([256]);
  const { program } = await record(gpu, () => fillWith(gpu, tensor, 1));
  const submits = async () => {
    for (let i = 0; i < COUNT; i++) program.replay();
    await gpu.finish();
  };
  const measurement = await measureAndDispose([program, tensor], () =>
    measureWall(submits, { budget: SHORT_BUDGET_MS, signal }),
  );
  return { measurement: divided(measurement, COUNT), flops: 0, bytes: 0, note: "one of 64 submits of one fill each" };
};

export function rooflineCases(gpu: Gpu): BenchCase[] {
  const mebibytes = `${largeBytes(gpu) / 2 ** 20} MiB`;
  const at = (kernel: string, variant: string, shape: string, run: Run): BenchCase => ({
    suite: "roofline",
    kernel,
    variant,
    shape,
    run,
  });
  return [
    ...CHAINS.map((chains) => at("fma", `${chains} chains`, "registers only", fma(chains))),
    at("read", "vec4", mebibytes, traffic(false)),
    at("copy", "vec4", mebibytes, traffic(true)),
    at("dispatch", "fill", "1 KiB", dispatchCost),
    at("submit", "fill", "1 KiB", submitCost),
  ];
}
