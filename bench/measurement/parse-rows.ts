// Rows from the JSON that `bench --json` wrote. Checked is what comparisons and pages depend on.
import * as v from "valibot";
import { CutgpuError } from "../../engine/lib/errors.js";
import { type BenchRow, suites } from "./row.js";

const rate = v.nullable(v.number());

const rows = v.pipe(
  v.array(
    v.looseObject({
      suite: v.picklist(suites),
      kernel: v.string(),
      variant: v.string(),
      shape: v.string(),
      adapter: v.string(),
      profile: v.picklist(["gpu", "software"]),
      runs: v.number(),
      ms: v.nullable(v.object({ median: v.number(), min: v.number(), max: v.number() })),
      flops: v.number(),
      bytes: v.number(),
      gflops: rate,
      gbps: rate,
      roofline: rate,
      reference_ms: rate,
      peers: v.looseObject({}),
    }),
  ),
  v.minLength(1),
);

/** The rows in a text that --json wrote. Throws a CutgpuError for other texts. */
export function parseRows(text: string, name: string): BenchRow[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (!v.is(rows, value)) {
    throw new CutgpuError("BASELINE", `${name} holds no rows of a benchmark`, "Give a file that `bench --json` wrote.");
  }
  return value as unknown as BenchRow[];
}
