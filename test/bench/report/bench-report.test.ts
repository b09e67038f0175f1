// The benchmark's report: self-contained, complete, safe against odd names, and whole whatever suites were run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { benchReport } from "../../../bench/report/bench-report.js";
import { bytes, logTicks, number, times } from "../../../bench/report/format.js";
import { fastest, roofOf } from "../../../bench/report/select.js";
import type { BenchRow, Suite } from "../../../bench/row.js";
import { distFolder } from "../../support/command.js";

const about = { adapter: "a made-up adapter", date: "2026-01-02", version: "9.8.7" };

/** A row of work that took `ms` milliseconds, or that could not run. */
function row(suite: Suite, kernel: string, shape: string, ms: number | null, rest: Partial<BenchRow> = {}): BenchRow {
  const [flops, moved] = [rest.flops ?? 1e9, rest.bytes ?? 1e7];
  return {
    suite,
    kernel,
    variant: "tiled",
    shape,
    dtype: "f32",
    adapter: about.adapter,
    profile: "gpu",
    runs: ms === null ? 0 : 9,
    ms: ms === null ? null : { median: ms, min: 0.9 * ms, max: 1.2 * ms },
    flops,
    bytes: moved,
    gflops: ms && flops ? flops / ms / 1e6 : null,
    gbps: ms && moved ? moved / ms / 1e6 : null,
    roofline: ms === null ? null : 0.5,
    reference_ms: null,
    peers: {},
    ...rest,
  };
}

const ceilings = [
  row("roofline", "fma", "registers", 10),
  row("roofline", "fma", "registers", 8, { variant: "12 chains" }),
  row("roofline", "read", "128 MiB", 1, { flops: 0 }),
  row("roofline", "dispatch", "1 KiB", 0.004, { flops: 0, bytes: 0 }),
];
const convolution = "3x3 reflect 64->64 at 64x64";
const kernels = [
  row("kernels", "conv2d", convolution, 40, { peers: { slow: { ms: 120, ratio: 3 }, quick: { ms: 20, ratio: 0.5 } } }),
  row("kernels", "conv2d", convolution, 16, { variant: "broadcast", peers: { slow: { ms: 120, ratio: 7.5 } } }),
  row("kernels", "conv2d", "3x3 at 99999x99999", null, { note: "could not run: the tensor is too large" }),
];
const ladder = [
  row("kernels", "ladder.matmul", "256x256x256", 100, { variant: "naive", note: "As the formula reads." }),
  row("kernels", "ladder.matmul", "256x256x256", 10, { variant: "vec4", note: "Four at once." }),
];
const nce = (["fused", "composed"] as const).flatMap((variant) =>
  [256, 1024].map((patches) =>
    row("nce", "patchNcePath", `1 x ${patches} patches of 256, loss and gradients`, patches / 10, {
      variant,
      figures: { program_bytes: patches * (variant === "fused" ? 1024 : patches) },
    }),
  ),
);
const others = [
  row("generator", "generator", "ngf 16 at 64x64", 60, { variant: "forward", peers: { ort: { ms: 145, ratio: 2.4 } } }),
  row("generator", "generator", "ngf 16 at 64x64", 200, {
    variant: "forward + backward",
    peers: { tfjs: { ms: 1300, ratio: 6.5 } },
  }),
  row("step", "step", "ngf 16 at 64x64", 900, { figures: { share_of_conv_rate: 0.72 } }),
  row("overhead", "memory", "ngf 64 at 256x256", null, { figures: { bytes_in_use: 3 * 2 ** 29 }, flops: 0, bytes: 0 }),
];
const all = [...ceilings, ...kernels, ...ladder, ...nce, ...others];

const pageOf = (rows: readonly BenchRow[]) => parseHTML(benchReport(rows, about)).document;
const findAll = (root: ParentNode, selector: string) => Array.from(root.querySelectorAll(selector));
const headings = (rows: readonly BenchRow[]) => findAll(pageOf(rows), "h2").map((h) => h.textContent);

test("the page needs nothing beside it, and says what was measured where", () => {
  const html = benchReport(all, about);
  assert.not.match(html, /<script|<link|<img|@import|url\((?!#)/);
  assert.not.match(html, /(?:src|href)\s*=/);
  for (const text of Object.values(about)) assert.match(html, text);
  assert.not.match(html, /undefined|NaN|Infinity|\[object/);
});

test("it has a part for each suite, in this order, and none for what was not run", () => {
  const order = [
    "Roofline",
    "Beside other engines",
    "The ladder",
    "Training step",
    "Generator",
    "Patch-NCE",
    "Overhead",
  ];
  assert.equal(headings(all), [...order, "Ceilings of the adapter", "Every kernel"]);
  assert.equal(headings([others[2]]), ["Training step"]);
  assert.equal(headings([]), []);
  assert.match(benchReport([], about), "Nothing has been measured");
});

test("every row is in a table, with why it has no time", () => {
  const page = pageOf(all);
  assert.is(page.querySelectorAll(".rows tbody tr:not(.more)").length, all.length);
  assert.match(page.querySelector(".rows")?.parentElement?.textContent ?? "", "the tensor is too large");
  assert.match(page.body.textContent ?? "", "bytes in use 1.5 GiB");
});

test("the roof is the best of the ceilings, and every kernel with a rate is a dot that names itself", () => {
  assert.equal(roofOf(all), { gflops: 125, gbps: 10 });
  assert.is(roofOf(kernels), null);
  const dots = findAll(pageOf(all), ".roofline .wide circle");
  assert.is(dots.length, 4);
  const titles = dots.map((dot) => dot.textContent);
  assert.ok(
    titles.includes(`conv2d, ${convolution}, broadcast: 16 ms, 62.5 GFLOP/s, 0.625 GB/s, 50 % of the roof`),
    titles.join("\n"),
  );
  const accents = findAll(pageOf(all), '.roofline .wide [fill="var(--accent)"] circle');
  assert.is(accents.length, 1, "the fastest variant alone is set off");
  // Without ceilings there is a plot, and no roof in it.
  assert.match(benchReport(kernels, about), "was not measured in this run");
});

test("peers stand beside the fastest variant that was compared, and one that is ahead of us shows", () => {
  const [card] = findAll(pageOf(kernels), ".bars");
  assert.is(card.querySelectorAll(".shape").length, 1);
  assert.equal(
    findAll(card, ".bar b").map((b) => b.textContent),
    ["16 ms", "7.5×"],
  );
  const [alone] = findAll(pageOf([kernels[0]]), ".bars");
  assert.equal(
    findAll(alone, ".bar.ahead").map((bar) => bar.textContent),
    ["quick0.5×"],
  );
  // Forward, and forward with backward, are not two ways to do the same.
  assert.is(fastest(others.slice(0, 2)).length, 2);
});

test("the ladder's steps come in order, each with its gain and its lesson", () => {
  const steps = findAll(pageOf(all), ".ladder li").map((step) => step.textContent);
  assert.equal(steps, ["naive10, 1×As the formula reads.", "vec4100, 10×Four at once."]);
});

test("patch-NCE is drawn against N: memory and time, a line for each variant", () => {
  const charts = findAll(pageOf(all), "section.chart");
  assert.equal(
    charts.map((chart) => chart.querySelector("h3")?.textContent),
    ["Memory of the patch-NCE path", "Time of the patch-NCE path"],
  );
  assert.equal(
    findAll(charts[0], "li").map((li) => li.textContent),
    ["fused 1 MiB at 1,024", "composed 1 MiB at 1,024"],
  );
  for (const chart of charts) assert.is(chart.querySelectorAll("circle").length, 4);
  assert.not.ok(pageOf([nce[0]]).querySelector("section.chart"), "one size is no curve");
});

test("names cannot break out of the page", () => {
  const odd = "<b onclick='x'>\"&";
  const html = benchReport(
    [row("kernels", odd, odd, 1, { variant: odd, note: odd, peers: { [odd]: { ms: 2, ratio: 2 } } })],
    { ...about, adapter: odd },
  );
  assert.not.match(html, "<b onclick");
});

test("figures are written with three digits and a unit", () => {
  assert.equal([0, 0.01234, 1.5, 12, 812.34, 19136, 2.147e9].map(number), [
    "0",
    "0.0123",
    "1.5",
    "12",
    "812",
    "19,136",
    "2.15 G",
  ]);
  assert.equal([12, 1536, 3 * 2 ** 29].map(bytes), ["12 B", "1.5 KiB", "1.5 GiB"]);
  assert.is(times(2.5), "2.5×");
  assert.equal(
    logTicks([0.05, 2000], 10, 10).map((tick) => Number(tick.toPrecision(6))),
    [0.1, 1, 10, 100, 1000],
  );
  assert.equal(logTicks([3, 60], 10, 10), [5, 10, 20, 50]);
});

test("as a program it renders a file of rows, and refuses another", () => {
  const folder = mkdtempSync(join(tmpdir(), "cutgpu-report-"));
  const [input, output] = [join(folder, "rows.json"), join(folder, "report.html")];
  const render = () =>
    spawnSync(process.execPath, [join(distFolder, "bench/report/bench-report.js"), input, output], {
      encoding: "utf8",
    });
  try {
    writeFileSync(input, JSON.stringify(all));
    assert.is(render().status, 0);
    assert.match(readFileSync(output, "utf8"), about.adapter);
    writeFileSync(input, "[1]");
    const refused = render();
    assert.is(refused.status, 2);
    assert.match(refused.stderr, /^cutgpu: .*rows\.json holds no rows of a benchmark\..*\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
