// The report: self-contained, complete, safe against odd names, and small after many steps.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LossHistory, type LossRow } from "../../../cut/report/losses.js";
import { NamedSeries } from "../../../cut/report/series.js";
import { renderReport } from "../../../cut/report/training-report.js";

/** The smallest PNG: one pixel. */
const png = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
  (character) => character.charCodeAt(0),
);

const rows = (count: number): LossRow[] =>
  Array.from({ length: count }, (_, i) => ({
    step: i + 1,
    epoch: 1,
    seconds: 0.1,
    lr: 2e-4,
    G_GAN: 0.5 + 0.1 * Math.sin(i),
    D_real: 0.25,
    NCE: 5 * Math.exp(-i / count),
    NCE_4: 4,
  }));

function historyOf(rows: readonly LossRow[]): LossHistory {
  const losses = new LossHistory();
  for (const row of rows) losses.add(row);
  return losses;
}

const page = (losses: LossRow[]) =>
  renderReport({
    title: "horse <to> zebra",
    options: { lr: 2e-4, nce_layers: [0, 4], name: '"quoted"' },
    defaults: { lr: 1e-4, nce_layers: [0, 4], name: '"quoted"' },
    losses: historyOf(losses),
    samples: [
      {
        label: "1F600",
        images: [
          { caption: "input", png },
          { step: 1500, caption: "", png },
        ],
      },
    ],
    summary: [["L1 before and after", "0.4 and 0.1"]],
  });

test("the numbers at an axis fit its margin, however large or small the losses are", () => {
  for (const [scale, ticks] of [
    [3e15, ["0", "5e14", "1e15", "1.5e15", "2e15", "2.5e15", "3e15", "3.5e15"]],
    [2e-6, ["0", "5e-7", "1e-6", "1.5e-6", "2e-6"]],
    [4, ["0", "1", "2", "3", "4"]],
  ] as const) {
    const html = page(rows(50).map((row) => ({ ...row, G_GAN: scale, D_real: 0, NCE: 1, NCE_4: 1 })));
    const axis = html.split('aria-label="y-axis tick label"')[1].split("</g>")[0];
    const texts = [...axis.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text.replace(/\.0$/, ""));
    assert.equal(texts, [...ticks]);
  }
});

test("the page holds everything and asks for nothing", () => {
  const html = page(rows(50));
  assert.not.match(html, /<script|<link|@import|url\(http|src="(?!data:)|href=/);
  assert.match(html, "prefers-color-scheme: dark");
  assert.match(html, 'name="viewport"');
  assert.match(html, "0.4 and 0.1");
  assert.match(html, "step 1,500");
  assert.is(html.match(/src="data:image\/png;base64,iVBORw0KGgo/g)?.length, 2);
  for (const chart of ["Adversarial losses", "Patch losses,", "Patch losses by layer", "Learning rate"]) {
    assert.match(html, chart);
  }
  assert.is(html.match(/<svg /g)?.length, 4);
});

test("mutual information, retrieval and alarms stand in the page of a run that has them", () => {
  const about = { title: "run", options: {}, samples: [], summary: [] as [string, string][] };
  const retrieval = new NamedSeries();
  for (const step of [10, 20]) retrieval.add(step, [["layer 4", step / 40]]);
  const alarms = ["alarm at step 20, collapse: <seen>"];
  const html = renderReport({ ...about, losses: historyOf(rows(50)), keys: new Map([[4, 64]]), retrieval, alarms });
  // NCE_4 is 4 in all rows.
  assert.match(html, `layer 4 <b>${(Math.log(64) - 4).toPrecision(3)}</b>`);
  assert.match(html, "layer 4 <b>0.500</b>");
  assert.match(html, "collapse: &lt;seen&gt;");
  for (const chart of ["Mutual information", "Retrieval accuracy"]) assert.match(html, chart);
  assert.not.match(page(rows(50)), 'class="alarms');
});

test("a chart's axis is its bottom line, also where its scale begins below the values", () => {
  const html = page(rows(50).map((row) => ({ ...row, NCE: 286.35 + row.step })));
  for (const chart of html.match(/<svg .*?<\/svg>/gs)!) {
    const grid = chart.match(/aria-label="y-grid">(.*?)<\/g>/)![1];
    const lines = [...grid.matchAll(/ y1="([\d.]+)"/g)].map(([, y]) => Number(y));
    const axis = Number(chart.match(/<line [^>]*? y1="([\d.]+)"[^>]*stroke-opacity="0.35"/)![1]);
    assert.ok(Math.max(...lines) <= axis);
  }
});

test("every curve of a chart differs from the others in its colour or its dashes, as in the legend", () => {
  const layers = [0, 4, 8, 12, 16, 17, 18, 19].flatMap((layer) => [`NCE_${layer}`, `NCE_Y_${layer}`]);
  for (const names of [layers.slice(0, 10), layers, ["a", "b", "c", "d", "e", "f", "g", "h"]]) {
    const html = page(
      rows(50).map((row) => ({ ...row, NCE_4: 4, ...Object.fromEntries(names.map((n, i) => [n, i])) })),
    );
    const chart = html.split("<section").find((each) => each.includes(`${names[1]} <b>`)) ?? "";
    const legend = chart.match(/<li style="[^"]*"( data-dash="\d")?>/g) ?? [];
    const drawn = chart.match(/<g [^>]*stroke-width="2"[^>]*>/g) ?? [];
    assert.is(legend.length, names.length);
    assert.is(new Set(legend).size, names.length);
    assert.is(
      new Set(drawn.map((g) => `${/stroke="[^"]*"/.exec(g)}${/stroke-dasharray="[^"]*"/.exec(g)}`)).size,
      names.length,
    );
  }
  const five = page(rows(9).map((row) => ({ ...row, NCE_0: 1, NCE_Y_0: 1, NCE_4: 1, NCE_Y_4: 1 })));
  const colours = [...five.matchAll(/--series-(\d)\)"[^>]*>NCE_(?:Y_)?(\d)/g)].map(
    ([, colour, layer]) => layer + colour,
  );
  assert.equal(new Set(colours).size, 2, "a layer has one colour");
});

test("the loss scale of f16 has a chart of its own, which tells its last value", () => {
  const html = page(rows(20).map((row) => ({ ...row, D: 0.5, loss_scale: 2 ** (16 - Math.min(6, row.step)) })));
  const charts = html.split("<section").filter((chart) => chart.includes("<svg"));
  const [other, scale] = ["Other losses", "Loss scale"].map((title) => charts.find((chart) => chart.includes(title))!);
  assert.not.match(other, "loss_scale");
  assert.match(scale, "loss_scale <b>1024</b>");
});

test("text is escaped, and options that are not the default are set off", () => {
  const html = page(rows(2));
  assert.match(html, "<h1>horse &lt;to&gt; zebra</h1>");
  assert.match(html, '<div class="changed"><dt>lr</dt>');
  assert.match(html, "<div><dt>name</dt><dd>&quot;quoted&quot;</dd></div>");
});

test("before the first step there are no charts", () => {
  assert.match(page([]), "No step has been recorded yet.");
});

test("losses that are not numbers leave a gap, not a broken page", () => {
  const losses = rows(20);
  losses[10]["G_GAN"] = Number.NaN;
  const paths = page(losses).match(/ d="[^"]*"/g) ?? [];
  assert.ok(paths.length > 4);
  assert.not.ok(paths.some((path) => path.includes("NaN")));
});

test("a long run makes a page hardly larger than a short one", () => {
  assert.ok(page(rows(20_000)).length < 2 * page(rows(1000)).length);
});

test.run();
