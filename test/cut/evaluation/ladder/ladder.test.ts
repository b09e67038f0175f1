// The ladder's verdicts on made-up figures, its tables, and the whole experiment on two small pictures.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Picture } from "../../../../cut/data/picture.js";
import { ladderDistortions } from "../../../../cut/evaluation/distortions/ladder-steps.js";
import { COLUMNS, type Columns } from "../../../../cut/evaluation/ladder/compared.js";
import { areaUnderCurve, checkCriteria } from "../../../../cut/evaluation/ladder/criteria.js";
import { runLadder } from "../../../../cut/evaluation/ladder/ladder.js";
import { ladderTables } from "../../../../cut/evaluation/ladder/ladder-tables.js";
import type { LadderRow } from "../../../../cut/evaluation/ladder/rows.js";
import { PatchMetric } from "../../../../cut/evaluation/patches/patch-metric.js";
import { trainPatchEncoder } from "../../../../cut/evaluation/patches/self-training.js";
import { profiles, testGpu } from "../../../support/gpu.js";

const test = suite("ladder");

const columns = (value: number): Columns =>
  Object.fromEntries(COLUMNS.map((column) => [column, column === "PSNR" ? 40 - 10 * value : value])) as Columns;

/** A ladder on which everything grows evenly to 1, and single distortions are worse than another picture. */
const rows = (): LadderRow[] =>
  ladderDistortions(4).flatMap(({ name, kind, levels }) =>
    levels.map(({ label }, i) => {
      return { distortion: name, kind, level: label, means: columns(levels.length > 1 ? (i + 1) / 5 : 1.2) };
    }),
  );
const recognition = [{ restyling: "inverted", areas: columns(0.97) }];

test("the area under the curve, by hand", () => {
  assert.is(areaUnderCurve([1, 2], [3, 4]), 1);
  assert.is(areaUnderCurve([3, 4], [1, 2]), 0);
  assert.is(areaUnderCurve([1, 3], [2, 3]), 2.5 / 4);
});

test("each criterion is judged by its own figures", () => {
  const even = rows();
  const verdicts = checkCriteria({ rows: even, recognition, window: 4 });
  assert.is(verdicts.length, 12);
  // Evenly growing figures forgive nothing, and a metric that is as strict as SWD shows no difference.
  const unmet = (of: typeof verdicts) => of.flatMap(({ met, criterion }) => (met ? [] : [criterion.slice(0, 18)]));
  assert.equal(unmet(verdicts), ["a shift of the win", "swapped quadrants "]);
  const mended = even.map((row): LadderRow => {
    const forgiven = row.distortion === "shift" && ["1 px", "2 px", "4 px"].includes(row.level);
    if (forgiven) return { ...row, means: { ...row.means, "PatchNCE window": 0.05 } };
    return row.distortion === "quadrants swapped" ? { ...row, means: { ...row.means, SWD: 0.6 } } : row;
  });
  assert.equal(unmet(checkCriteria({ rows: mended, recognition, window: 4 })), []);
  const swapped = mended.map((row) =>
    row.distortion === "blur" ? { ...row, means: columns(Math.abs(row.level.length - 3)) } : row,
  );
  assert.match(unmet(checkCriteria({ rows: swapped, recognition, window: 4 }))[0], "PatchNCE grows");
  const poor = [{ restyling: "inverted", areas: columns(0.9) }];
  assert.equal(unmet(checkCriteria({ rows: mended, recognition: poor, window: 4 })), ["the own source is "]);
});

test("its tables, and the sentence that counts the criteria", () => {
  const ladder = { pictures: 2, window: 4, rows: rows(), recognition };
  const tables = ladderTables({ ...ladder, verdicts: checkCriteria(ladder) });
  assert.equal([tables.rows.length, tables.correlations.length, tables.areas.length], [55, 11, 2]);
  assert.equal(tables.rows[0].slice(2), ["PSNR", "1-SSIM", "SWD", "PatchNCE", "PatchNCE ±4 px"]);
  assert.is(tables.correlations[1].slice(1).join(), "1.00,1.00,1.00,1.00,1.00");
  assert.match(tables.summary, "10 of 12 criteria");
});

test("it ends soon after it was called off", async () => {
  const gpu = await testGpu(profiles[0]);
  const pictures = [0, 1].map((seed): Picture => {
    const data = Uint8Array.from({ length: 3 * 32 * 32 }, (_, i) => (i * (3 + seed) + Math.floor(i / 96) ** 2) % 256);
    return { width: 32, height: 32, channels: 3, data };
  });
  const model = await trainPatchEncoder(gpu, pictures, { steps: 1 });
  const metric = new PatchMetric(gpu, model, { window: 4, positions: 64 });
  const controller = new AbortController();
  const onProgress = (done: number) => {
    if (done === 3) controller.abort(new Error("called off"));
  };
  const error = await runLadder({ pictures, metric, signal: controller.signal, onProgress }).catch((reason) => reason);
  assert.match(error.message, "called off");
  metric.dispose();
  for (const tensor of [...model.generator.parameters.values(), ...model.heads!.parameters.values()]) tensor.dispose();
});

test.run();
