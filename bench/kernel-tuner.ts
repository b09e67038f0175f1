// Measures the fastest variants for `cutgpu tune`: every choice of a training step and of a translation is timed with
// each variant that can compute it on the adapter, on random data. Measurements of one choice's variants are
// interleaved, so that a machine that is busy for a while slows all of them, and a variant replaces the rule's only if
// it is clearly faster.
import { grad } from "../engine/autograd.js";
import type { Gpu } from "../engine/core/gpu.js";
import type { Dtype, Shape, Tensor } from "../engine/core/tensor.js";
import { type OperatorSummary, operatorTable } from "../engine/families.js";
import { sum } from "../engine/operators/reduction/index.js";
import { record } from "../engine/program/program.js";
import { dryRun } from "../engine/program/recording.js";
import type { Choice } from "../engine/tuning/table.js";
import { makeInput } from "./inputs/random-data.js";
import { makeStep } from "./inputs/random-training-step.js";
import { measure, timeReplay, timingOf } from "./measurement/measure.js";
import { observeDryRun } from "./measurement/observe.js";
import { variantsOf, withForced } from "./measurement/variants.js";
import { predictWinograd, type Rates } from "./winograd-model.js";

/** The training options to tune for, by name; those matter that shapes depend on. */
export interface TuneSize {
  crop_size: number;
  [option: string]: unknown;
}

/** A choice, and the dtypes of its inputs. */
export interface MetChoice extends Choice {
  dtypes: readonly (Dtype | undefined)[];
}

/** The times of one choice. */
export interface TunedChoice extends MetChoice {
  /** Median milliseconds by kernel; kernels with the same dispatches as another are left out. */
  ms: ReadonlyMap<string, number>;
  /** The choice of the operator's rule. */
  rule: string;
  /** The rule's kernel, or another that is clearly faster. */
  winner: string;
}

const ROUNDS = 3;
/** A kernel that takes this many times the fastest one's time is not measured further. */
const HOPELESS = 1.5;
/** The same for the first trial of a single execution. */
const HOPELESS_IN_TRIAL = 3;
/** A smaller gain is not worth results that round differently. */
const LEAST_GAIN = 0.05;
/** Milliseconds of sampling for a kernel in a round. */
const BUDGET_MS = 40;

/**
 * The choices that training steps and a translation of pictures of a size make, each once. No variant is forced or
 * tuned meanwhile.
 */
export async function choicesOf(gpu: Gpu, { crop_size: size, ...extras }: TuneSize): Promise<MetChoice[]> {
  const choices = new Map<string, MetChoice>();
  const { table } = gpu.variants;
  gpu.variants.use(null);
  const unobserve = gpu.observers.add({
    onChoice: (choice, inputs) =>
      void choices.set(choice.key, { ...choice, dtypes: inputs.map((input) => input?.dtype) }),
  });
  const { step } = makeStep(gpu, { size, ...(extras as { ngf: number; ndf: number }) }, extras);
  const { batch_size, input_nc } = step.options;
  try {
    for (const kind of step.method.kinds) await step.prepare({ batch: batch_size, height: size, width: size }, kind);
    const picture = gpu.persistent([1, input_nc, size, size], gpu.precision);
    dryRun(gpu, () => gpu.noGrad(() => step.method.generator.translate(picture)));
    picture.dispose();
  } finally {
    unobserve();
    gpu.variants.use(table);
    step.dispose();
    gpu.trimMemory();
  }
  return [...choices.values()];
}

/**
 * Whether a kernel is worth measuring, by the adapter's rates. All are, but Winograd's only where a gain is predicted:
 * most layers are too small for it. Without rates, as on software adapters, all are measured.
 */
export function worthMeasuring(variant: string, choice: Choice, rates: Rates | null): boolean {
  if (variant !== "winograd" || !rates) return true;
  const predicted = predictWinograd(choice, rates);
  return predicted !== null && predicted.winograd < predicted.direct;
}

/** Times the kernels of one choice that are worth it. Throws the signal's reason when it is aborted. */
export async function tuneChoice(
  gpu: Gpu,
  choice: MetChoice,
  rates: Rates | null,
  signal?: AbortSignal,
): Promise<TunedChoice> {
  const { table } = gpu.variants;
  gpu.variants.use(null);
  const { work, dispose } = workOf(gpu, choice);
  try {
    const { rule, distinct } = await distinctVariants(gpu, choice, rates, work);
    const forced = (variant: string) => () => withForced(gpu, choice.operator, variant, work);
    const rounds = new Map<string, number[]>();
    for (const variant of distinct) {
      signal?.throwIfAborted();
      rounds.set(variant, [await trial(gpu, forced(variant))]);
    }
    let left = notSlower(distinct, rounds, rule, HOPELESS_IN_TRIAL);
    for (const variant of left) rounds.set(variant, []);
    for (let round = 0; round < ROUNDS && (round === 0 || left.length > 1); round++) {
      for (const variant of left) {
        const { ms } = await measure(gpu, forced(variant), { budget: BUDGET_MS, signal });
        rounds.get(variant)?.push(ms.median);
      }
      left = notSlower(left, rounds, rule, HOPELESS);
    }
    const ms = new Map([...rounds].map(([variant, times]) => [variant, timingOf(times).median]));
    return { ...choice, ms, rule, winner: winnerOf(rule, rounds) };
  } finally {
    dispose();
    gpu.variants.use(table);
  }
}

/**
 * The rule's kernel, and the distinct ones that are worth measuring: of kernels with the same dispatches only one, the
 * rule's if it is among them.
 */
async function distinctVariants(gpu: Gpu, choice: Choice, rates: Rates | null, work: () => unknown) {
  const { operator } = choice;
  const variants = variantsOf(gpu, operator, [choice]).filter((name) => worthMeasuring(name, choice, rates));
  const dispatches = new Map<string, string>();
  for (const variant of variants) {
    dispatches.set(variant, await dispatchesOf(gpu, () => withForced(gpu, operator, variant, work)));
  }
  const ruled = await dispatchesOf(gpu, work);
  const rule = variants.find((variant) => dispatches.get(variant) === ruled) ?? variants[0];
  const first = new Map([rule, ...variants].reverse().map((variant) => [dispatches.get(variant), variant]));
  return { rule, distinct: [...new Set([rule, ...variants])].filter((name) => [...first.values()].includes(name)) };
}

/** Milliseconds of one execution after the first, in which drivers compile. */
async function trial(gpu: Gpu, work: () => unknown): Promise<number> {
  const { program } = await record(gpu, () => void work());
  try {
    await timeReplay(gpu, program);
    return await timeReplay(gpu, program);
  } finally {
    program.dispose();
  }
}

/** The rule's kernel, and those that take at most `times` times the fastest. */
function notSlower(
  variants: readonly string[],
  rounds: ReadonlyMap<string, readonly number[]>,
  rule: string,
  times: number,
): string[] {
  const median = (variant: string) => timingOf(rounds.get(variant) ?? []).median;
  const best = Math.min(...variants.map(median));
  return variants.filter((variant) => variant === rule || median(variant) <= times * best);
}

/**
 * The fastest kernel by each one's interleaved times, if its slowest time is below the rule's fastest and it gains
 * enough; else the rule's.
 */
export function winnerOf(rule: string, rounds: ReadonlyMap<string, readonly number[]>): string {
  const ruled = timingOf(rounds.get(rule) ?? []);
  let [winner, best] = [rule, (1 - LEAST_GAIN) * ruled.median];
  for (const [variant, times] of rounds) {
    const { median, max } = timingOf(times);
    if (median < best && max < ruled.min) [winner, best] = [variant, median];
  }
  return winner;
}

/** The operator on random inputs; patchNce with its gradient, which uses the same kernels. */
function workOf(
  gpu: Gpu,
  { operator, shapes, dtypes, options }: MetChoice,
): { work: () => unknown; dispose: () => void } {
  const { run } = operatorTable.get(operator) as OperatorSummary;
  const nce = operator === "patchNce";
  const inputs = shapes.map(
    (shape, i) => shape && makeInput(gpu, nce ? { unitRows: shape as Shape } : shape, dtypes[i]),
  );
  const [queries] = inputs as [Tensor];
  if (nce) queries.requireGrad();
  return {
    work: () => (nce ? grad(sum(run(inputs, options)), [queries]) : run(inputs, options)),
    dispose: () => {
      for (const input of inputs) input?.dispose();
      gpu.trimMemory();
    },
  };
}

/** The dispatches of work, as a text to compare. */
async function dispatchesOf(gpu: Gpu, work: () => unknown): Promise<string> {
  const calls = await observeDryRun(gpu, work);
  const dispatches = calls.flatMap(({ dispatches }) => dispatches);
  return JSON.stringify(
    dispatches.map(({ source, constants, params, grid }) => [source.name, constants, params, grid]),
  );
}
