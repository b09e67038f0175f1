// Whether Winograd's convolution could be faster than the direct one on an adapter, by what was measured on it: each
// dispatch takes as long as its FLOPs or its bytes at the adapter's best rates, whichever is longer (the roofline of
// bench/measurement/rating.ts), and a dispatch's own time. It saves arithmetic in the products and moves more bytes in
// the transforms. Limits: no caches, no workgroups that wait for others, and kernels as good on either side, so that
// a predicted gain is a reason to measure and no more.
import type { Cost } from "../engine/core/operator.js";
import type { Gpu } from "../engine/device/gpu.js";
import { winogradCosts } from "../engine/operators/convolution/index.js";
import type { Choice } from "../engine/tuning/table.js";
import type { Ceilings } from "./measurement/case.js";
import { ceilingsOf, givesCeiling, rowOf } from "./measurement/rating.js";
import { rooflineCases } from "./suites/roofline.js";

/** What an adapter was measured to do at most. */
export interface Rates extends Ceilings {
  /** Milliseconds of a dispatch of next to no work. */
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

/** Milliseconds that dispatches take one after the other. */
export const predictedMs = (dispatches: readonly Cost[], { gflops, gbps, dispatch_ms }: Rates): number =>
  dispatches.reduce((sum, { flops, bytes }) => sum + Math.max(flops / gflops, bytes / gbps) / 1e6 + dispatch_ms, 0);

/** Milliseconds of both ways, or null where Winograd's kernels do not serve. Pure. */
export function predictWinograd(
  { operator, shapes, options }: Omit<Choice, "key">,
  rates: Rates,
): { direct: number; winograd: number } | null {
  const costs = winogradCosts(operator, shapes, options);
  return costs && { direct: predictedMs(costs.direct, rates), winograd: predictedMs(costs.winograd, rates) };
}
