// `cutgpu bench`: runs the suites on this machine's adapter, prints the rows as they are measured, and writes them as
// JSON and as a page; those of a run that was stopped too. With --peers other engines do the same work, before ours and
// never at the same time; with --baseline rows are compared with those of an earlier file.
import { existsSync } from "node:fs";
import { format, parse } from "node:path";
import * as v from "valibot";
import { describeKernels } from "../../cut/cli/gpu-text.js";
import { checkResults, writeResult } from "../../cut/cli/result-files.js";
import {
  type CommandContext,
  defineCommand,
  note,
  print,
  printAbove,
  startProgress,
  withProgress,
} from "../../cut/cli/terminal/index.js";
import { packageVersion } from "../../cut/files/package-root.js";
import { readText } from "../../cut/files/read-whole.js";
import { group, profileOption } from "../../cut/options/common-options.js";
import { completeOptions, flag, type GivenOptions, oneOf, option, orNone, text } from "../../cut/options/schema.js";
import type { Gpu } from "../../engine/core/gpu.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import { compareWithBaseline } from "../baseline.js";
import {
  adapterName,
  type BenchCase,
  type BenchOptions,
  type BenchRow,
  chooseCases,
  jobsOf,
  type PeerTimes,
  runBench,
  suites,
} from "../index.js";
import { parseRows } from "../measurement/parse-rows.js";
import { openBenchGpu } from "../node/open-gpu.js";
import { nodeSurroundings } from "../node/surroundings.js";
import { digits } from "../report/format.js";
import { tableHead, tableRow } from "../report/terminal-table.js";

const REPORT = "bench/report.html";
/** The time limit for all peers together, so that the whole run ends within a quarter of an hour. */
const PEER_LIMITS = { job: 20_000, peer: 150_000 };

const schema = v.strictObject({
  suite: option(group, oneOf(["all", ...suites]), "all", "which rows to measure"),
  filter: option(group, orNone(text("TEXT")), null, "only rows that have this text in suite, kernel, shape or variant"),
  json: option(group, orNone(text("FILE")), null, "write the rows there at the end"),
  baseline: option(
    group,
    orNone(text("FILE")),
    null,
    "compare with an earlier --json of this adapter and profile; " +
      "status 1 where a median rose by more than both runs' spreads and 5 %, or there is no time now",
  ),
  profile: profileOption(group),
  peers: option(group, flag(), false, "the same work on TensorFlow.js, jax-js and onnxruntime, on the same adapter"),
  report: option(
    group,
    orNone(text("FILE")),
    null,
    `write the page there; with --json or all suites it goes to ${REPORT} by itself`,
  ),
});

export default defineCommand({
  usage: "[options]",
  options: schema,
  run: bench,
});

async function bench(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const options = completeOptions(schema, given);
  const report = options.report ?? (options.json !== null || options.suite === "all" ? REPORT : null);
  const reading =
    options.baseline === null ? [] : [{ what: `--baseline ${options.baseline}`, paths: [options.baseline] }];
  checkResults(options.json, report, reading);
  const baseline = options.baseline === null ? null : readBaseline(options.baseline);
  const gpu = await openBenchGpu(options.profile);
  try {
    const chosen: BenchOptions = {
      suites: options.suite === "all" ? suites : [options.suite],
      filter: options.filter ?? "",
      signal,
    };
    const cases = chooseCases(gpu, chosen);
    if (baseline) refuseUnrelated(gpu, cases, baseline);
    const peers = options.peers ? await measurePeers(gpu, cases, signal) : undefined;
    const rows: BenchRow[] = [];
    const keep = (place: (path: string) => string) => writeRows(rows, gpu, options.json, report, place);
    try {
      await measureRows(gpu, { ...chosen, peers, around: nodeSurroundings(options.profile, signal) }, rows);
    } catch (error) {
      // What took minutes is kept, whatever ended it.
      if (rows.length > 0) await keep(placeOfPart);
      throw error;
    }
    await keep((path) => path);
    if (baseline) judge(rows, baseline);
  } finally {
    gpu.dispose();
  }
}

function readBaseline(path: string): BenchRow[] {
  if (!existsSync(path)) throw new CutgpuError("BASELINE", `there is no ${path}`, "Give a file that --json wrote.");
  return parseRows(readText(path), path);
}

/**
 * Throws if the baseline is of another adapter or profile, or has none of the rows. Called before any measurement,
 * because a run takes minutes.
 */
function refuseUnrelated(gpu: Gpu, cases: readonly BenchCase[], baseline: readonly BenchRow[]): void {
  const place = { adapter: adapterName(gpu), profile: gpu.profile };
  const rows = cases.map(({ suite, kernel, variant, shape }) => ({ suite, kernel, variant, shape }));
  compareWithBaseline(
    rows.map((row) => ({ ...baseline[0], ...row, ...place })),
    baseline,
  );
}

async function measurePeers(gpu: Gpu, cases: readonly BenchCase[], signal: AbortSignal): Promise<PeerTimes> {
  const { failureLines, peers, requirePeers, runPeers } = await import("../peers/peers.js");
  requirePeers();
  const jobs = jobsOf(cases);
  const progress = startProgress({ label: "peers", total: jobs.length * peers.length });
  let done = 0;
  let times: Awaited<ReturnType<typeof runPeers>>;
  try {
    times = await runPeers(jobs, {
      gpu,
      signal,
      limits: PEER_LIMITS,
      onProgress: (peer, job) => progress.update(done++, `${peer} ${job.id}`),
    });
    progress.update(done, "");
  } finally {
    progress.stop();
  }
  for (const line of failureLines(times)) note(line);
  return times;
}

/** Measures, prints each row and adds it to `rows`. */
async function measureRows(gpu: Gpu, options: BenchOptions, rows: BenchRow[]): Promise<void> {
  print(`${adapterName(gpu)}, ${describeKernels(gpu)}\n`);
  let suite = "";
  await withProgress("bench", (report, shown) =>
    runBench(gpu, {
      ...options,
      onProgress: ({ done, total, next }) => report(done, total, next),
      onRow(row) {
        rows.push(row);
        const head = row.suite === suite ? "" : `\n${row.suite}\n${tableHead()}\n`;
        suite = row.suite;
        printAbove(shown(), `${head}${tableRow(row)}`);
      },
    }),
  );
}

/** Writes the rows as JSON and as a page, each to the place that `place` gives for its path. */
async function writeRows(
  rows: readonly BenchRow[],
  gpu: Gpu,
  json: string | null,
  report: string | null,
  place: (path: string) => string,
): Promise<void> {
  if (json !== null) {
    const path = place(json);
    writeResult(path, `${JSON.stringify(rows, null, 1)}\n`);
    if (path !== json) print(`\nrows: ${path}\n`);
  }
  if (report !== null) {
    const { benchReport } = await import("../report/bench-report.js");
    const date = new Date().toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
    const path = place(report);
    writeResult(path, benchReport(rows, { adapter: adapterName(gpu), date, version: packageVersion() }));
    print(`\nreport: ${path}\n`);
  }
}

/** Where rows of a run that was stopped go: an earlier file may hold more of them, and is not replaced. */
function placeOfPart(path: string): string {
  if (!existsSync(path)) return path;
  const { dir, name, ext } = parse(path);
  return format({ dir, name: `${name}.stopped`, ext });
}

function judge(rows: readonly BenchRow[], baseline: readonly BenchRow[]): void {
  const { slower, faster, lost, compared } = compareWithBaseline(rows, baseline);
  const say = (word: string, changes: typeof slower) => {
    for (const { name, before, now } of changes) {
      print(`${word}: ${name}: ${digits(before)} ms -> ${digits(now)} ms\n`);
    }
  };
  say("faster", faster);
  say("slower", slower);
  for (const { name, before, why } of lost) print(`lost: ${name}: ${digits(before)} ms -> ${why}\n`);
  const without = lost.length > 0 ? `, ${lost.length} without a time now` : "";
  print(`${compared} rows compared, ${faster.length} faster, ${slower.length} slower${without}\n`);
  const worse = slower.length + lost.length;
  if (worse > 0) {
    const what = lost.length > 0 ? "are slower than the baseline, or have no time now" : "are slower than the baseline";
    throw new CutgpuError("SLOWER", `${worse} of ${compared} rows ${what}`, "See above.");
  }
}
