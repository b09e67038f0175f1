// Overheads: JavaScript per dispatch in a replay, GPU objects and heap growth of replays, memory of a CUT step, and the
// time of a cold start to the first step.
import { resolveOptions } from "../../cut/options/train-options.js";
import { planStep } from "../../cut/training/memory-plan.js";
import type { Gpu } from "../../engine/core/gpu.js";
import { type Program, record } from "../../engine/program/program.js";
import type { StepSize } from "../inputs/random-training-step.js";
import type { BenchCase, BenchContext, Outcome } from "../measurement/case.js";
import { timingOf, wallMeasurement } from "../measurement/measure.js";
import { NO_COST } from "../measurement/observe.js";
import { generatorWork } from "./generator.js";

const REPLAYS = 20;
/** Replays between two readings of the heap. */
const HEAP_REPLAYS = 100;

/** Counts the objects that `work` makes on the device, apart from the encoder that every submit needs. */
async function countObjects(gpu: Gpu, work: () => Promise<void>): Promise<number> {
  const { device } = gpu;
  const makers = [
    "createBuffer",
    "createBindGroup",
    "createBindGroupLayout",
    "createShaderModule",
    "createTexture",
    "createPipelineLayout",
    "createComputePipeline",
    "createComputePipelineAsync",
    "createQuerySet",
  ] as const;
  let made = 0;
  for (const name of makers) {
    const original = (device[name] as (descriptor: unknown) => unknown).bind(device);
    const counting = (descriptor: unknown) => {
      made++;
      return original(descriptor);
    };
    Object.defineProperty(device, name, { value: counting, configurable: true });
  }
  try {
    await work();
    return made;
  } finally {
    for (const name of makers) Reflect.deleteProperty(device, name);
  }
}

/**
 * Milliseconds of a replay into an encoder whose calls do nothing: the engine's own JavaScript, without what WebGPU's
 * implementation spends inside its calls. The minimum of several.
 */
function ownTime({ device }: Gpu, program: Program): number {
  const pass = { setPipeline() {}, setBindGroup() {}, dispatchWorkgroups() {}, end() {} };
  const encoder = { beginComputePass: () => pass, finish: () => null };
  Object.defineProperty(device, "createCommandEncoder", { value: () => encoder, configurable: true });
  Object.defineProperty(device.queue, "submit", { value: () => {}, configurable: true });
  try {
    const times: number[] = [];
    for (let i = 0; i < REPLAYS; i++) {
      const start = performance.now();
      program.replay();
      times.push(performance.now() - start);
    }
    return timingOf(times).min;
  } finally {
    Reflect.deleteProperty(device, "createCommandEncoder");
    Reflect.deleteProperty(device.queue, "submit");
  }
}

/** Passes of a generator that make as many dispatches as a CUT step, about a thousand of the same kinds. */
const PASSES = 4;

/** A generator's forward and backward passes stand for a step, whose input a replay would have to write as well. */
async function replayCost({ gpu, signal, around }: BenchContext): Promise<Outcome> {
  const { work, dispose } = generatorWork(gpu, { ngf: 4, size: 16, backward: true });
  const { program } = await record(gpu, () => {
    for (let i = 0; i < PASSES; i++) work();
  });
  try {
    const times: number[] = [];
    const replay = async () => {
      signal?.throwIfAborted();
      const start = performance.now();
      program.replay();
      times.push(performance.now() - start);
      await gpu.finish();
    };
    for (let i = 0; i < 3; i++) await replay();
    times.length = 0;
    const created = await countObjects(gpu, async () => {
      for (let i = 0; i < REPLAYS; i++) await replay();
    });
    const measurement = wallMeasurement(times, program.length);
    const figures: Record<string, number> = {
      js_us_per_dispatch: (1000 * measurement.ms.median) / program.length,
      js_us_per_dispatch_at_best: (1000 * measurement.ms.min) / program.length,
      of_these_our_own_us: (1000 * ownTime(gpu, program)) / program.length,
      dispatches: program.length,
      [`gpu_objects_in_${REPLAYS}_replays`]: created,
    };
    if (around.heapBytes) {
      const before = around.heapBytes();
      for (let i = 0; i < HEAP_REPLAYS; i++) await replay();
      times.length = 0;
      figures["heap_growth_bytes_per_replay"] = (around.heapBytes() - before) / HEAP_REPLAYS;
    }
    const note =
      "JavaScript's time in replay() alone: encoding and submitting, nearly all of it inside WebGPU's own calls";
    return { measurement, ...NO_COST, figures, note };
  } finally {
    program.dispose();
    dispose();
  }
}

/** Bytes of all buffers in use by a step, planned for this adapter. */
function memory({ size, ngf, ndf }: StepSize, extras: Record<string, unknown> = {}) {
  return async ({ gpu }: BenchContext): Promise<Outcome> => {
    const options = resolveOptions({ dataroot: "none", crop_size: size, ngf, ndf, ...extras });
    const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
    const largest = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    const { bytes } = await planStep(options, { batch: 1, height: size, width: size }, gpu, largest);
    const figures = { bytes_in_use: bytes };
    return { measurement: null, ...NO_COST, figures, note: "planned, not run: bytes of every buffer training needs" };
  };
}

/** Time to the end of the first step in a new process, with an empty shader cache and with a filled one. */
async function coldStart({ around }: BenchContext): Promise<Outcome> {
  if (!around.coldStart) {
    return {
      measurement: null,
      ...NO_COST,
      note: "not measured: it needs a process of its own, which only the command has",
    };
  }
  const { cold, warm } = await around.coldStart();
  const note =
    "from opening the adapter to the end of the demo's first step, in a process of its own, shader cache empty";
  return { measurement: wallMeasurement([cold]), ...NO_COST, figures: { cold_ms: cold, warm_cache_ms: warm }, note };
}

export function overheadCases(): BenchCase[] {
  const at = (kernel: string, variant: string, shape: string, run: BenchCase["run"]): BenchCase => ({
    suite: "overhead",
    kernel,
    variant,
    shape,
    run,
  });
  const small = { size: 64, ngf: 16, ndf: 16 };
  const full = { size: 256, ngf: 64, ndf: 64 };
  return [
    at("replay", "forward + backward", "generator ngf 4 at 16x16", replayCost),
    at("memory", "CUT", "ngf 16 ndf 16 at 64x64", memory(small)),
    at("memory", "CUT", "ngf 64 ndf 64 at 256x256", memory(full)),
    at("memory", "CUT --low_memory", "ngf 64 ndf 64 at 256x256", memory(full, { low_memory: true })),
    at("memory", "FastCUT", "ngf 64 ndf 64 at 256x256", memory(full, { CUT_mode: "FastCUT" })),
    at("cold start", "CUT", "the demo's step", coldStart),
  ];
}
