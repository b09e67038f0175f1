// The plan of a step as text: tables and the totals for the terminal, and the heads of the files of kernels.
import type { DispatchPlan, PlannedKernel } from "../step-plan.js";
import { bytes, digits, number, percent } from "./format.js";

/** Rows with aligned columns, the first to the left. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ");
  return rows.map((row) => `${line(row)}\n`).join("");
}

const mebibytes = (count: number) => digits(count / 2 ** 20);

/** The kernels by shader, the operators, and last the totals. */
export function planText({ kernels, operators, ...totals }: DispatchPlan): string {
  const shaders = new Map<string, PlannedKernel[]>();
  for (const kernel of kernels) shaders.set(kernel.name, [...(shaders.get(kernel.name) ?? []), kernel]);
  const sum = (of: readonly PlannedKernel[], figure: "dispatches" | "bytes") =>
    of.reduce((total, kernel) => total + kernel[figure], 0);
  const byShader = [...shaders].sort(([, a], [, b]) => sum(b, "dispatches") - sum(a, "dispatches"));
  return [
    table([
      ["kernel", "dispatches", "variants", "MiB bound"],
      ...byShader.map(([name, of]) => [
        name,
        String(sum(of, "dispatches")),
        String(of.length),
        mebibytes(sum(of, "bytes")),
      ]),
    ]),
    table([
      ["operator", "calls", "FLOPs"],
      ...operators.map(({ operator, calls, flops }) => [operator, String(calls), flops > 0 ? number(flops) : "-"]),
    ]),
    `${totals.dispatches} dispatches of ${kernels.length} kernels, ${number(totals.flops)} FLOPs nominal, ` +
      (totals.realFlops === totals.flops ? "" : `${number(totals.realFlops)} with Winograd's convolutions, `) +
      `${bytes(totals.bytes)} bound\n` +
      `memory: ${bytes(totals.modelBytes)} of parameters and moments, ${bytes(totals.workBytes)} to work in\n`,
  ].join("\n");
}

const SLOWEST = 40;

/** A step's time: one row for the dispatches of one kernel in one grid, the slowest first, and the sum. */
export function timesText({ kernels }: DispatchPlan): string {
  const rows = kernels.flatMap(({ name, label, grids }) => {
    // Only constants that differ between the variants of a shader.
    const others = kernels.filter((other) => other.name === name).map((other) => other.label.split("-"));
    const own = label.split("-").filter((part, i) => i === 0 || others.some((parts) => !parts.includes(part)));
    return [...grids].map(([grid, used]) => ({ kernel: own.join(" "), grid, ...used }));
  });
  const total = rows.reduce((sum, { ms }) => sum + ms, 0);
  const slowest = rows.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST);
  const cells = slowest.map(({ kernel, grid, dispatches, ms }) => [
    ...[kernel, grid, String(dispatches)],
    ...[digits(ms), percent(ms / total)],
  ]);
  return (
    `\n${table([["kernel", "workgroups", "dispatches", "ms", "share"], ...cells])}` +
    `${digits(total)} ms all kernels together, each in a pass of its own\n`
  );
}

/** The kernel's text with its use in a comment on top. */
export function kernelFile({ label, code, dispatches, grids }: PlannedKernel): string {
  const uses = [...grids]
    .sort(([, a], [, b]) => b.dispatches - a.dispatches)
    .map(([grid, used]) => `//   ${used.dispatches} of ${grid} workgroups\n`);
  return `// ${label}: ${dispatches} dispatches in a step\n${uses.join("")}${code}`;
}
