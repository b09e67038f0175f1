// Makes rows of measurements: rates, the share of the roofline, comparisons with other engines. The roofline is that of
// Williams, Waterman and Patterson, "Roofline: an insightful visual performance model" (2009), with ceilings that the
// suite "roofline" measures on the adapter itself.
import type { Gpu } from "../../engine/core/gpu.js";
import { adapterName } from "../../engine/device/adapter.js";
import type { CaseIdentity, Ceilings, Outcome } from "./case.js";
import type { BenchRow, Timing } from "./row.js";

/** FLOPs or bytes of work that took `ms` milliseconds, in GFLOP/s or GB/s. */
export const gigaPerSecond = (amount: number, ms: number): number => amount / ms / 1e6;

/** The row of an outcome, rated against the ceilings. */
export function rowOf(
  gpu: Gpu,
  { suite, kernel, variant, shape }: CaseIdentity,
  { measurement, flops, bytes, reference_ms = null, figures, note }: Outcome,
  ceilings: Ceilings,
  others: readonly { peer: string; ms: Timing | null }[] = [],
): BenchRow {
  const median = measurement?.ms.median;
  // Ceilings are the best rates measured; all other rates are medians.
  const time = suite === "roofline" ? measurement?.ms.min : median;
  const rate = (amount: number) => (time && amount ? gigaPerSecond(amount, time) : null);
  const peers: BenchRow["peers"] = {};
  for (const { peer, ms } of others) {
    if (ms && median) peers[peer] = { ms: ms.median, ratio: ms.median / median };
  }
  const clock: Record<string, number> = measurement?.clock === "wall" ? { wall_clock: 1 } : {};
  const all = { ...figures, ...clock };
  return {
    suite,
    kernel,
    variant,
    shape,
    dtype: "f32",
    adapter: adapterName(gpu),
    profile: gpu.profile,
    runs: measurement?.runs ?? 0,
    ms: measurement?.ms ?? null,
    flops,
    bytes,
    gflops: rate(flops),
    gbps: rate(bytes),
    roofline: time ? shareOf(flops, bytes, time, ceilings) : null,
    reference_ms,
    peers,
    ...(Object.keys(all).length ? { figures: all } : {}),
    ...(note ? { note } : {}),
  };
}

/** Kernels of the suite "roofline" whose rates are ceilings. */
const CEILING_KERNELS = { gflops: ["fma"], gbps: ["read", "copy"] };

export const givesCeiling = ({ suite, kernel }: CaseIdentity): boolean =>
  suite === "roofline" && Object.values(CEILING_KERNELS).flat().includes(kernel);

/** The ceilings: the best rates of the suite "roofline", or 0 where there are none. */
export function ceilingsOf(rows: readonly BenchRow[]): Ceilings {
  const best = (rate: "gflops" | "gbps") =>
    rows
      .filter(({ suite, kernel }) => suite === "roofline" && CEILING_KERNELS[rate].includes(kernel))
      .reduce((most, row) => Math.max(most, row[rate] ?? 0), 0);
  return { gflops: best("gflops"), gbps: best("gbps") };
}

/**
 * The share of the roofline: work of `flops` and `bytes` takes at least as long as either alone at its ceiling. Above 1
 * where caches are faster than memory. Null for work without FLOPs and bytes.
 */
export function shareOf(flops: number, bytes: number, ms: number, { gflops, gbps }: Ceilings): number | null {
  const least = Math.max(gflops ? flops / gflops : 0, gbps ? bytes / gbps : 0) / 1e6;
  return least > 0 ? least / ms : null;
}
