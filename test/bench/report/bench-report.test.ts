// The benchmark's report: self-contained, complete, safe against odd names, and whole whatever suites were run.
import { parseHTML } from "linkedom";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { BenchRow, Suite } from "../../../bench/measurement/row.js";
import { benchReport } from "../../../bench/report/bench-report.js";
import { fastest, roofOf } from "../../../bench/report/select.js";
import { benchRow } from "../support/rows.js";

const about = { adapter: "a made-up adapter", date: "2026-01-02", version: "9.8.7" };

/** A row of work that took `ms` milliseconds, or that could not run. */
function row(suite: Suite, kernel: string, shape: string, ms: number | null, rest: Partial<BenchRow> = {}): BenchRow {
  const [flops, bytes] = [rest.flops ?? 1e9, rest.bytes ?? 1e7];
  return benchRow({
    suite,
    kernel,
    shape,
    adapter: about.adapter,
    profile: "gpu",
    runs: ms === null ? 0 : 9,
    ms: ms === null ? null : { median: ms, min: 0.9 * ms, max: 1.2 * ms },
    flops,
    bytes,
    gflops: ms && flops ? flops / ms / 1e6 : null,
    gbps: ms && bytes ? bytes / ms / 1e6 : null,
    roofline: ms === null ? null : 0.5,
    reference_ms: null,
    ...rest,
  });
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
  const text = pageOf(kernels).body.textContent ?? "";
  assert.match(text, "The roof is not drawn, since its rows are not among these");
  assert.match(text, "All variants; the fastest of each shape in colour.");
  assert.not.match(text, "reach 50 % to", "of a single shape");
});

test("no ceiling is set off by its time, since each does another amount of work", () => {
  assert.is(findAll(pageOf(ceilings), "tr.first").length, 0);
  assert.is(findAll(pageOf(kernels), "tr.first").length, 1);
});

test("the bandwidth's label does not lie on a short slope", () => {
  // Wide and narrow, with the ridge where a page of few dots begins.
  const near = row("kernels", "conv2d", convolution, 1, { flops: 47e8, bytes: 1e7, gflops: 2 });
  for (const gbps of [10, 8, 6, 5, 4, 3]) {
    const page = pageOf([
      near,
      row("roofline", "fma", "registers", 8),
      row("roofline", "read", "64 MiB", 1, { flops: 0, gbps }),
    ]);
    for (const frame of findAll(page, ".roofline > div")) {
      const [label] = findAll(frame, "text").filter(({ textContent }) => textContent === `${gbps} GB/s`);
      const [x, y] = place(label);
      const [, line] = findAll(frame, "path").map((path) => path.getAttribute("d") ?? "");
      const [[x0, y0], [x1, y1]] = [...line.matchAll(/([\d.]+),([\d.]+)/g)].map(([, a, b]) => [Number(a), Number(b)]);
      // Above the slope at its end, or below at its beginning.
      const slope = (at: number) => y0 + ((y1 - y0) * (Math.min(at, x1) - x0)) / (x1 - x0);
      const end = x + 7 * `${gbps} GB/s`.length;
      assert.ok(y + 5 < slope(end) || y - 5 > slope(x), `${gbps} GB/s in a frame ${frame.className}`);
    }
  }
});

/** Where a text of the chart begins, by its own transformation and its group's. */
function place(text: Element): [x: number, y: number] {
  const shifts = [text, text.parentElement as Element].map((each) =>
    (each.getAttribute("transform") ?? "").match(/-?[\d.]+/g)!.map(Number),
  );
  return [shifts[0][0] + shifts[1][0], shifts[0][1] + shifts[1][1]];
}

test("a number at the very top of the roofline stands below the name of its axis", () => {
  // The frame ends at 1.8 times the fastest.
  const page = pageOf([row("kernels", "conv2d", convolution, 1, { gflops: 1000 / 1.8 + 1e-9 })]);
  const pixel = (text: Element) =>
    [text, text.parentElement as Element].reduce(
      (sum, { attributes }) =>
        sum + Number(/,(-?[\d.]+)\)/.exec(attributes.getNamedItem("transform")?.value ?? "")?.[1]),
      0,
    );
  const [name] = findAll(page, '.wide [aria-label="y-axis label"] text');
  const numbers = findAll(page, '.wide [aria-label="y-axis tick label"] text');
  const top = numbers.find(({ textContent }) => textContent === "1,000") as Element;
  assert.ok(pixel(top) - pixel(name) >= 18, `${pixel(top)} below ${pixel(name)}`);
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

test.run();
