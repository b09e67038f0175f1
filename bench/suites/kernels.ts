// Every operator at a size that training has, each kernel that the adapter can run forced in turn: the convolutions of the
// method first, then all others.
import type { Gpu } from "../../engine/device/gpu.js";
import { makeInput } from "../inputs/random-data.js";
import type { BenchCase } from "../measurement/case.js";
import { measure } from "../measurement/measure.js";
import { observeRehearsal, totalCost } from "../measurement/observe.js";
import { variantsOf, withForced } from "../measurement/variants.js";
import { convolutionCases } from "../operators/convolution.js";
import { type OperatorBench, operatorBenches } from "../operators/operators.js";

/** Milliseconds that sampling a row of the many small operators may take. */
const BUDGET = 300;

function operatorCase(gpu: Gpu, bench: OperatorBench, variant: string): BenchCase {
  const { kernel, shape, chooses = kernel } = bench;
  const id = `${kernel} ${shape}`;
  return {
    ...{ suite: "kernels", kernel, variant, shape, operators: [kernel] },
    ...(bench.job ? { job: bench.job } : {}),
    run: ({ signal, reference }) =>
      withForced(gpu, chooses, variant, async () => {
        const inputs = bench.inputs.map((input) => makeInput(gpu, input));
        const work = () => bench.work(...inputs);
        try {
          const cost = totalCost(await observeRehearsal(gpu, work));
          const measurement = await measure(gpu, work, { budget: BUDGET, signal });
          return { measurement, ...cost, reference_ms: bench.reference ? reference(id, bench.reference) : null };
        } finally {
          for (const tensor of inputs) tensor.dispose();
        }
      }),
  };
}

export const kernelCases = (gpu: Gpu): BenchCase[] => [
  ...convolutionCases(gpu),
  ...operatorBenches.flatMap((bench) =>
    variantsOf(gpu, bench.chooses ?? bench.kernel).map((variant) => operatorCase(gpu, bench, variant)),
  ),
];
