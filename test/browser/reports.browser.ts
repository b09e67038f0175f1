// Pages that commands write as files: with tables as wide as they come, nothing in them scrolls sideways on a phone;
// charts fill their rows, with letters of a size that people read.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Suite } from "../../bench/measurement/row.js";
import { benchReport } from "../../bench/report/bench-report.js";
import { renderEvaluationPage } from "../../cut/report/evaluation-page.js";
import { LossHistory } from "../../cut/report/losses.js";
import { renderMetricPage } from "../../cut/report/metric-page.js";
import { MetricHistory } from "../../cut/report/metrics.js";
import { NamedSeries } from "../../cut/report/series.js";
import { renderSweepPage } from "../../cut/report/sweep-page.js";
import { renderReport } from "../../cut/report/training-report.js";
import { benchRow } from "../bench/support/rows.js";
import { openTab, sidewaysOnPhone, type Tab } from "./tab.js";

const test = suite<{ tab: Tab }>("reports");

test.before(async (context) => {
  context.tab = await openTab();
});
test.after(({ tab }) => tab.close());

const name = "precision of-a-network-with-a-long-name-and-768-features";
const pages = {
  evaluation: renderEvaluationPage({
    about: [["translations", "runs/horse2zebra of horse2zebra/testA"]],
    figures: [
      {
        name,
        value: 123.45,
        ofHalves: 123.45,
        floor: 123.45,
        better: "higher",
        n: [10000, 10000],
        floorN: [5000, 5000],
        protocol: "",
        detail: "0.123 to 0.456 in 95 % of draws",
      },
    ],
    protocols: [],
    distances: { by: "features", fakes: [0.1, 0.2], reals: [0.1, 0.3] },
    sheets: [],
  }),
  metric: renderMetricPage({
    about: [],
    means: [{ layer: 16, distance: 0.123, nce: 8.123, accuracy: 0.987, bound: 12.345, positions: 65536 }],
    pairs: [],
  }),
  sweep: renderSweepPage({
    title: "runs/lambda",
    summary: [],
    rows: [{ report: "a/report.html", cells: new Map(Array.from({ length: 12 }, (_, i) => [`option_${i}`, name])) }],
    curves: ["G", "NCE", "SWD"].map((title) => ({ title, note: "", noisy: false, series: runsOfSweep() })),
    strips: [{ label: "a", pictures: [{ caption: "lambda_NCE=1,lr=0.0002", png: Uint8Array.of() }] }],
  }),
};

/** A curve for each of four runs. */
function runsOfSweep(): NamedSeries {
  const series = new NamedSeries();
  for (const step of [10, 20, 30])
    series.add(
      step,
      ["1,lr=0.0002", "1,lr=0.001", "10,lr=0.0002", "10,lr=0.001"].map((run, i) => [`lambda_NCE=${run}`, i + step]),
    );
  return series;
}

for (const [kind, html] of Object.entries(pages)) {
  test(`the page of ${kind} fits a phone`, async ({ tab: { page } }) => {
    await page.setContent(html);
    assert.ok((await page.locator("table td[data-head]").count()) > 3);
    assert.equal(await sidewaysOnPhone(page), []);
  });
}

/** A report with the ceilings and with a ladder. */
function benchmarkPage(): string {
  const row = (suite: Suite, kernel: string, shape: string, variant: string) =>
    benchRow({ suite, kernel, shape, variant, runs: 50, gflops: 12.3, gbps: 0.0829, reference_ms: null });
  const ms = { median: 0.0261, min: 0.0239, max: 0.0387 };
  const ceilings = ["fma", "dispatch"].map((kernel) => ({
    ...row("roofline", kernel, "registers only", "12 chains"),
    ms,
  }));
  const steps = ["256x256x256", "512x512x512"].flatMap((shape) =>
    ["naive", "engine"].map((step) => row("kernels", "ladder.matmul", shape, step)),
  );
  return benchReport([...ceilings, ...steps], { adapter: "an adapter", date: "2026-01-02", version: "1.2.3" });
}

/** A report with three charts of losses and one of a metric. */
function trainingPage(): string {
  const losses = new LossHistory();
  for (const step of [1, 2, 3]) losses.add({ step, epoch: 1, seconds: 1, lr: 2e-4, G_GAN: 1 / step, NCE: 5 / step });
  const metrics = new MetricHistory();
  metrics.add({ step: 3, epoch: 1, run: "1", seconds: 1, protocol: "", by: "SWD", values: { SWD: 90 } });
  return renderReport({ title: "zebras", options: {}, losses, samples: [], summary: [], metrics });
}

for (const [kind, html] of [
  ["evaluation", pages.evaluation],
  ["training", trainingPage()],
]) {
  test(`charts of the page of ${kind} fill their rows, with letters of 9 to 15 pixels`, async ({ tab: { page } }) => {
    await page.setContent(html);
    for (const width of [390, 700, 800, 1300]) {
      await page.setViewportSize({ width, height: 800 });
      const grids = await page.$$eval(".charts", (all) =>
        all.map((grid) => {
          const box = grid.getBoundingClientRect();
          const [last] = Array.from(grid.children).slice(-1);
          const letters = Array.from(grid.querySelectorAll("svg"), (svg) => {
            const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
            return scale * Number.parseFloat(getComputedStyle(svg).fontSize);
          });
          return { empty: box.right - last.getBoundingClientRect().right, letters };
        }),
      );
      assert.ok(grids.length > 0);
      for (const { empty, letters } of grids) {
        assert.ok(Math.abs(empty) < 1, `${empty} pixels are empty at ${width}`);
        assert.ok(
          letters.every((size) => size >= 9 && size <= 15),
          `letters of ${letters} pixels at ${width}`,
        );
      }
    }
    assert.equal(await sidewaysOnPhone(page), []);
  });
}

for (const [kind, html] of [
  ["evaluation", pages.evaluation],
  ["training", trainingPage()],
  ["sweep", pages.sweep],
]) {
  test(`no words in the charts of the page of ${kind} lie on others`, async ({ tab: { page } }) => {
    await page.setContent(html);
    for (const width of [390, 700, 800, 1300]) {
      await page.setViewportSize({ width, height: 800 });
      const pairs = await page.$$eval("svg", (all) =>
        all.flatMap((svg) => {
          const texts = Array.from(svg.querySelectorAll("text"), (text) => ({
            words: text.textContent,
            box: text.getBoundingClientRect(),
          })).filter(({ words }) => words);
          return texts.flatMap(({ words, box: a }, i) =>
            texts
              .slice(i + 1)
              .filter(
                ({ box: b }) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom,
              )
              .map((other) => `${words} and ${other.words}`),
          );
        }),
      );
      assert.equal(pairs, [], `at ${width}`);
    }
  });
}

test("a legend's lines follow one another, and a run's name is not broken within a number", async ({
  tab: { page },
}) => {
  await page.setContent(pages.sweep);
  await page.setViewportSize({ width: 1300, height: 800 });
  const lines = await page.$$eval(".chart:last-child li", (all) => all.map((each) => each.getBoundingClientRect().top));
  const [first, second] = [...new Set(lines)];
  assert.ok(second - first > 10 && second - first < 30, `${second - first} pixels from line to line`);
  await page.setViewportSize({ width: 800, height: 800 });
  const heights = await page.$$eval("figcaption", ([each]) => {
    each.style.width = "120px";
    const words = document.createRange();
    return Array.from(each.childNodes)
      .filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => {
        words.selectNode(node);
        return words.getClientRects().length;
      });
  });
  assert.equal(heights, [1, 1]);
});

for (const [kind, html] of [
  ["evaluation", pages.evaluation],
  ["benchmark", benchmarkPage()],
]) {
  test(`tables of the page of ${kind} show their last column on a tablet, too`, async ({ tab: { page } }) => {
    await page.setContent(html);
    await page.setViewportSize({ width: 760, height: 800 });
    const beyond = await page.$$eval(".figures, .rows", (all) =>
      all.map((each) => each.scrollWidth - each.clientWidth),
    );
    assert.ok(beyond.length > 0 && beyond.every((pixels) => pixels === 0), `${beyond} pixels`);
  });
}

test("the benchmark's words have room on a phone", async ({ tab: { page } }) => {
  await page.setContent(benchmarkPage());
  await page.setViewportSize({ width: 390, height: 800 });
  const cut = await page.$$eval(".bar span", (all) =>
    all.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent),
  );
  assert.equal(cut, []);
});

test.run();
