// Predicts whether Winograd's convolution is faster than the direct one from an adapter's measured rates: each dispatch
// takes as long as its FLOPs or its bytes at the adapter's best rates, whichever is longer (the roofline of
// bench/measurement/rating.ts), plus a dispatch's own time. Winograd's saves arithmetic in the products and moves more
// bytes in the transforms. Limits: no caches, no idle workgroups, and kernels of equal quality, so a predicted gain is
// only a reason to measure.
import type { Gpu } from "../engine/core/gpu.js";
import type { Cost } from "../engine/core/operator.js";
import { winogradCosts } from "../engine/operators/convolution/index.js";
import type { Choice } from "../engine/tuning/table.js";
import type { Ceilings } from "./measurement/case.js";
import { ceilingsOf, givesCeiling, rowOf } from "./measurement/rating.js";
import { rooflineCases } from "./suites/roofline.js";

/** An adapter's measured peak rates. */
export interface Rates extends Ceilings {
  /** Milliseconds of a dispatch with almost no work. */
  dispatch_ms: number;
}

/** The adapter's rates, by the benchmark's suite "roofline". Takes seconds. */
export async function measureRates(gpu: Gpu, signal?: AbortSignal): Promise<Rates> {
  const none = { gflops: 0, gbps: 0 };
  const rows = [];
  for (const each of rooflineCases(gpu).filter((each) => givesCeiling(each) || each.kernel === "dispatch")) {
    rows.push(rowOf(gpu, each, await each.run({ gpu, signal, ceilings: none, around: {}, reference: () => 0 }), none));
  }
  const dispatch = rows.find(({ kernel }) => kernel === "dispatch");
  return { ...ceilingsOf(rows), dispatch_ms: dispatch?.ms?.median ?? 0 };
}

/** Predicted milliseconds of consecutive dispatches. */
export const predictedMs = (dispatches: readonly Cost[], { gflops, gbps, dispatch_ms }: Rates): number =>
  dispatches.reduce((sum, { flops, bytes }) => sum + Math.max(flops / gflops, bytes / gbps) / 1e6 + dispatch_ms, 0);

/** Predicted milliseconds of both algorithms, or null where Winograd's kernels do not apply. Pure. */
export function predictWinograd(
  { operator, shapes, options }: Omit<Choice, "key">,
  rates: Rates,
): { direct: number; winograd: number } | null {
  const costs = winogradCosts(operator, shapes, options);
  return costs && { direct: predictedMs(costs.direct, rates), winograd: predictedMs(costs.winograd, rates) };
}
