// The ResNet-9 generator, batch 1: forward as translation runs it, and forward with the gradients of all its parameters
// (the image's gradient given), as one recorded program each.
import { Generator } from "../../cut/networks/generator.js";
import { initialWeights, writeParameters } from "../../cut/networks/network.js";
import { grad } from "../../engine/autograd.js";
import type { Gpu } from "../../engine/core/gpu.js";
import { Random } from "../../engine/lib/random.js";
import { randomTensor } from "../inputs/random-data.js";
import type { BenchCase, BenchContext, Outcome } from "../measurement/case.js";
import { measure } from "../measurement/measure.js";
import { observeDryRun, totalCost } from "../measurement/observe.js";
import { gigaPerSecond } from "../measurement/rating.js";
import { generatorArchitecture } from "../peers/jobs.js";

interface Size {
  ngf: number;
  size: number;
  backward: boolean;
}

const sizes: readonly Size[] = [
  { ngf: 16, size: 64, backward: false },
  { ngf: 16, size: 64, backward: true },
  { ngf: 64, size: 64, backward: false },
  { ngf: 64, size: 256, backward: false },
];

/** Work that would take longer than this is not run. */
const PATIENCE_MS = 30_000;
/** Share of the multiply-add ceiling that is assumed before the first measurement. */
const SUPPOSED_SHARE = 0.1;

const BLOCKS = 9;

/** A generator with first weights, its input, and one pass over it. */
export function generatorWork(gpu: Gpu, { ngf, size, backward }: Size) {
  const architecture = generatorArchitecture({ ngf, blocks: BLOCKS });
  const generator = new Generator(gpu, architecture);
  const init = { init_type: "xavier", init_gain: 0.02 } as const;
  writeParameters(generator.parameters, initialWeights(Generator.shapes(architecture), new Random(1), init));
  const [x, dy] = [0, 1].map(() => randomTensor(gpu, [1, 3, size, size]));
  const parameters = [...generator.parameters.values()];
  const work = () =>
    backward ? grad(generator.translate(x), parameters, { dy }) : gpu.noGrad(() => generator.translate(x));
  const dispose = () => {
    for (const tensor of [x, dy, ...parameters]) tensor.dispose();
    gpu.trimMemory();
  };
  return { work, dispose };
}

/** Runs a case; `rates` are those of earlier rows of the suite in GFLOP/s: the best guess for the next. */
function run(at: Size, rates: number[]) {
  return async ({ gpu, signal, ceilings }: BenchContext): Promise<Outcome> => {
    const { work, dispose } = generatorWork(gpu, at);
    try {
      const cost = totalCost(await observeDryRun(gpu, work));
      const rate = rates.at(-1) ?? SUPPOSED_SHARE * ceilings.gflops;
      const expected = cost.flops / rate / 1e6;
      if (expected > PATIENCE_MS) {
        const seconds = Math.round(expected / 1000);
        return {
          measurement: null,
          ...cost,
          note: `not run: it would take about ${seconds} s at ${rate.toFixed(1)} GFLOP/s`,
        };
      }
      const measurement = await measure(gpu, work, { signal });
      rates.push(gigaPerSecond(cost.flops, measurement.ms.median));
      const figures = { dispatches: measurement.dispatches, program_bytes: measurement.bytes };
      return { measurement, ...cost, figures };
    } finally {
      dispose();
    }
  };
}

export function generatorCases(): BenchCase[] {
  const rates: number[] = [];
  return sizes.map((at) => {
    const { ngf, size, backward } = at;
    const kernel = backward ? ("generator.backward" as const) : ("generator" as const);
    const shape = `ngf ${ngf} at ${size}x${size}`;
    return {
      suite: "generator",
      kernel,
      variant: backward ? "forward + backward" : "forward",
      shape,
      job: { id: `${kernel} ${shape}`, kind: kernel, ngf, blocks: BLOCKS, size, batch: 1 },
      run: run(at, rates),
    };
  });
}
