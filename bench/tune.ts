// Which kernel is the fastest, measured: every choice that a training step and a translation meet is made once with each kernel
// that the adapter can run, on random data. The kernels of one choice take turns, so that a machine that slows down or is
// busy for a while slows all of them, and the rule's own choice gives way only where a kernel is clearly faster.
import { grad } from "../engine/autograd.js";
import type { Choice, Gpu } from "../engine/gpu.js";
import {
  conv2dOperator,
  conv2dWeightGradientOperator,
  convTranspose2dOperator,
} from "../engine/operators/convolution.js";
import { linearOperator, matmulOperator } from "../engine/operators/matmul.js";
import { patchNceOperator } from "../engine/operators/patches.js";
import { sum } from "../engine/operators/reduction.js";
import type { Shape, Tensor } from "../engine/tensor.js";
import { makeInput } from "./data.js";
import { measure, timingOf } from "./measure.js";
import { rehearse } from "./observe.js";
import { makeStep } from "./training-step.js";
import { variantsOf, withForced } from "./variants.js";

/** What is tuned for: options of training by name, of which those count that shapes depend on. */
export interface TuneSize {
  crop_size: number;
  [option: string]: unknown;
}

/** The times of one choice. */
export interface TunedChoice extends Choice {
  /** Median milliseconds by kernel; kernels that would do the very same work as another are left out. */
  ms: ReadonlyMap<string, number>;
  /** What the operator's rule takes. */
  rule: string;
  /** The rule's, or another that is clearly faster. */
  winner: string;
}

const ROUNDS = 3;
/** A kernel that takes so many times the fastest is not measured again. */
const HOPELESS = 1.5;
/** A gain below this is not worth other roundings. */
const LEAST_GAIN = 0.05;
/** Milliseconds of sampling for a kernel in a round. */
const BUDGET_MS = 40;

type AnyOperator = (inputs: readonly (Tensor | undefined)[], options: object) => Tensor;

/** The operators that have a choice. */
const operators = new Map(
  [
    ...[conv2dOperator, convTranspose2dOperator, conv2dWeightGradientOperator],
    ...[matmulOperator, linearOperator, patchNceOperator],
  ].map((operator) => [operator.record.name, operator as unknown as AnyOperator]),
);

/** The choices that training steps and a translation of pictures of a size make, each once. Nothing is forced or tuned meanwhile. */
export async function choicesOf(gpu: Gpu, { crop_size: size, ...extras }: TuneSize): Promise<Choice[]> {
  const choices = new Map<string, Choice>();
  const { tuning } = gpu;
  gpu.tuning = null;
  gpu.onChoice = (choice) => void choices.set(choice.key, choice);
  const { step } = makeStep(gpu, { size, ...(extras as { ngf: number; ndf: number }) }, extras);
  const { batch_size, flip_equivariance, input_nc } = step.options as typeof step.options & {
    batch_size: number;
  };
  try {
    await step.prepare(batch_size, size, size, false);
    if (flip_equivariance) await step.prepare(batch_size, size, size, true);
    const picture = gpu.persistent([1, input_nc, size, size]);
    await rehearse(gpu, () => gpu.noGrad(() => step.G.translate(picture)));
    picture.dispose();
  } finally {
    gpu.onChoice = null;
    gpu.tuning = tuning;
    step.dispose();
    gpu.trimMemory();
  }
  return [...choices.values()];
}

/** Times the kernels of one choice. Throws the signal's reason when it is aborted. */
export async function tuneChoice(gpu: Gpu, choice: Choice, signal?: AbortSignal): Promise<TunedChoice> {
  const { tuning } = gpu;
  gpu.tuning = null;
  const { work, dispose } = workOf(gpu, choice);
  try {
    const rule = await dispatchesOf(gpu, work);
    let left: string[] = [];
    const seen = new Set<string>();
    // The rule's own first, so that of kernels that do the same it is the one that stays.
    const variants = variantsOf(gpu, choice.operator);
    const works = new Map<string, string>();
    for (const variant of variants) {
      works.set(variant, await withForced(gpu, choice.operator, variant, () => dispatchesOf(gpu, work)));
    }
    const ruled = variants.find((variant) => works.get(variant) === rule) ?? variants[0];
    left = [ruled, ...variants.filter((variant) => variant !== ruled)].filter((variant) => {
      const does = works.get(variant) as string;
      return !seen.has(does) && seen.add(does);
    });
    const rounds = new Map<string, number[]>(left.map((variant) => [variant, []]));
    for (let round = 0; round < ROUNDS && (round === 0 || left.length > 1); round++) {
      for (const variant of left) {
        const { ms } = await withForced(gpu, choice.operator, variant, () =>
          measure(gpu, work, { budget: BUDGET_MS, signal }),
        );
        rounds.get(variant)?.push(ms.median);
      }
      const median = (variant: string) => timingOf(rounds.get(variant) ?? []).median;
      const best = Math.min(...left.map(median));
      left = left.filter((variant) => variant === ruled || median(variant) <= HOPELESS * best);
    }
    const ms = new Map([...rounds].map(([variant, times]) => [variant, timingOf(times).median]));
    return { ...choice, ms, rule: ruled, winner: winnerOf(ruled, rounds) };
  } finally {
    dispose();
    gpu.tuning = tuning;
  }
}

/**
 * The fastest kernel, given each one's times in turn, if its slowest is quicker than the quickest of the rule's and it gains
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

/** The operator on random inputs; a patchNce with its gradient, which takes the same kernels. */
function workOf(gpu: Gpu, { operator, shapes, options }: Choice): { work: () => unknown; dispose: () => void } {
  const run = operators.get(operator) as AnyOperator;
  const nce = operator === "patchNce";
  const inputs = shapes.map((shape) => shape && makeInput(gpu, nce ? { unitRows: shape as Shape } : shape));
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

/** What work gives to the GPU, as a text to compare. */
async function dispatchesOf(gpu: Gpu, work: () => unknown): Promise<string> {
  const calls = await rehearse(gpu, work);
  const dispatches = calls.flatMap(({ dispatches }) => dispatches);
  return JSON.stringify(
    dispatches.map(({ source, constants, params, grid }) => [source.name, constants, params, grid]),
  );
}
