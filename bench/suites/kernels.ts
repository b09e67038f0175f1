// Every operator at a size that training has, with each variant that the adapter can run forced in turn: the
// convolutions of the method first, then all others, then the ladder. The rows are in bench/operators, a file for each
// family of the engine.
import type { Gpu } from "../../engine/core/gpu.js";
import { operatorTable } from "../../engine/families.js";
import { makeInput } from "../inputs/random-data.js";
import { ladderCases } from "../ladder.js";
import type { BenchCase } from "../measurement/case.js";
import { measure, SHORT_BUDGET_MS } from "../measurement/measure.js";
import { observeDryRun, totalCost } from "../measurement/observe.js";
import { callsOf, variantsOf, withForced } from "../measurement/variants.js";
import { convolutionCases } from "../operators/convolution.js";
import { chainCases } from "../operators/elementwise-chain.js";
import type { OperatorBench } from "../operators/lib.js";
import { optimizerCases } from "../operators/optimizers.js";
import { pictureCases } from "../operators/pictures.js";
import { operatorBenches } from "../operators/table.js";

/** The operator of whose variants one is forced. */
const chooserOf = ({ kernel, operator = kernel, chooses = operator }: OperatorBench) => chooses;

/** The variants that are measured in turn. */
function variantsFor(gpu: Gpu, bench: OperatorBench): string[] {
  const chooses = chooserOf(bench);
  // Most operators have none, and their work need not be done to know it.
  if (!operatorTable.get(chooses)?.variants.length) return variantsOf(gpu, chooses, []);
  const work = (planning: Gpu) => bench.work(...bench.inputs.map((input) => makeInput(planning, input)));
  return variantsOf(gpu, chooses, callsOf(gpu, chooses, work));
}

function operatorCase(gpu: Gpu, bench: OperatorBench, variant: string): BenchCase {
  const { kernel, operator = kernel, shape } = bench;
  const id = `${kernel} ${shape}`;
  return {
    suite: "kernels",
    kernel,
    variant,
    shape,
    operators: [operator],
    ...(bench.job ? { job: bench.job } : {}),
    run: async ({ signal, reference }) => {
      const inputs = bench.inputs.map((input) => makeInput(gpu, input));
      const work = () => withForced(gpu, chooserOf(bench), variant, () => bench.work(...inputs));
      try {
        const cost = totalCost(await observeDryRun(gpu, work));
        const measurement = await measure(gpu, work, { budget: SHORT_BUDGET_MS, signal });
        return { measurement, ...cost, reference_ms: bench.reference ? reference(id, bench.reference) : null };
      } finally {
        for (const tensor of inputs) tensor.dispose();
      }
    },
  };
}

export const kernelCases = (gpu: Gpu): BenchCase[] => [
  ...convolutionCases(gpu),
  ...operatorBenches.flatMap((bench) => variantsFor(gpu, bench).map((variant) => operatorCase(gpu, bench, variant))),
  ...chainCases,
  ...optimizerCases,
  ...pictureCases,
  ...ladderCases(gpu),
];
