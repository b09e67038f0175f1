// Pages that commands write as files: with tables as wide as they come, nothing in them scrolls sideways on a phone.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { renderEvaluationPage } from "../../cut/report/evaluation-page.js";
import { renderMetricPage } from "../../cut/report/metric-page.js";
import { renderSweepPage } from "../../cut/report/sweep-page.js";
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
    rows: [
      { name, report: "a/report.html", cells: new Map(Array.from({ length: 12 }, (_, i) => [`option_${i}`, name])) },
    ],
    curves: [],
    strips: [],
  }),
};

for (const [kind, html] of Object.entries(pages)) {
  test(`the page of ${kind} fits a phone`, async ({ tab: { page } }) => {
    await page.setContent(html);
    assert.ok((await page.locator("table td[data-head]").count()) > 3);
    assert.equal(await sidewaysOnPhone(page), []);
  });
}

test.run();
