// Correlations with opinion scores on made-up sets whose values are known, and the files that such sets come in.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kendall, pearson } from "../../../cut/evaluation/correlation.js";
import { logisticFit } from "../../../cut/evaluation/logistic-fit.js";
import { correlateOpinions, parseOpinions } from "../../../cut/evaluation/opinion-scores.js";
import { Random } from "../../../engine/lib/random.js";

const test = suite("opinion scores");
const near = (x: number, y: number, bound: number) => assert.ok(Math.abs(x - y) < bound, `${x} and ${y}`);

test("Kendall's by hand: orders, ties, constants", () => {
  near(kendall([1, 2, 3, 4], [1, 2, 3, 4]), 1, 1e-12);
  near(kendall([1, 2, 3, 4], [4, 3, 2, 1]), -1, 1e-12);
  // Of six pairs five agree.
  near(kendall([1, 2, 3, 4], [1, 3, 2, 4]), 4 / 6, 1e-12);
  // One pair is equal on the left: five in order of sqrt(5 * 6).
  near(kendall([1, 1, 2, 3], [1, 2, 3, 4]), 5 / Math.sqrt(30), 1e-12);
  assert.is(kendall([1, 1, 1], [1, 2, 3]), 0);
});

test("scores that are a logistic of the metric correlate fully after the fit", () => {
  const values = Array.from({ length: 60 }, (_, i) => i / 59);
  const scores = values.map((x) => 8 - 6 / (1 + Math.exp(-14 * (x - 0.4))));
  const { srcc, plcc, krcc } = correlateOpinions(values, scores);
  near(srcc, 1, 1e-12);
  near(krcc, 1, 1e-12);
  near(plcc, 1, 1e-6);
  // Without the fit they do not.
  assert.ok(Math.abs(pearson(values, scores)) < 0.96);
});

test("the fit is the least squares': no small change of its parameters, and no line, is nearer", () => {
  const random = new Random(11);
  const values = Array.from({ length: 80 }, () => 3 * random.next());
  const scores = values.map((x) => 2 + 5 / (1 + Math.exp(-4 * (x - 1.2))) + 0.5 * random.normal());
  const fitted = logisticFit(values, scores);
  const residual = fitted.map((value, i) => scores[i] - value);
  const square = residual.reduce((sum, value) => sum + value * value, 0);
  // A line and a constant are among the curve's directions, so what is left is orthogonal to both.
  const dot = (list: readonly number[]) => residual.reduce((sum, value, i) => sum + value * list[i], 0);
  near(dot(values.map(() => 1)) / 80, 0, 1e-4);
  near(dot(values) / 80, 0, 1e-3);
  const variance = scores.reduce((sum, y) => sum + (y - scores.reduce((s, v) => s + v, 0) / 80) ** 2, 0);
  assert.ok(square < (1 - pearson(values, scores) ** 2) * variance);
  assert.ok(square / 80 < 0.5 ** 2 * 1.2, "not more than the noise");
  near(pearson(fitted, scores), Math.sqrt(1 - square / variance), 1e-3);
});

test("a file's columns in any order, quoted, and what is wrong with others", () => {
  const lines = ["score, Distorted ,reference", '3.5,"a, b.png",r.png', ...Array(5).fill("1,x.png,r.png"), ""];
  const [first, second] = parseOpinions(lines.join("\r\n"), "f.csv");
  assert.equal(first, { reference: "r.png", distorted: "a, b.png", score: 3.5 });
  assert.is(second.distorted, "x.png");
  const refused = (text: string, said: RegExp) => assert.throws(() => parseOpinions(text, "f.csv"), said);
  refused("reference,score\n", /f.csv has no column distorted/);
  refused("", /has no column reference and no column distorted and no column score/);
  refused(`${lines[0]}\n1,x.png,r.png\nhigh,x.png,r.png`, /line 3, does not say/);
  refused(`${lines[0]}\n1,x.png,r.png`, /holds 1 scores, and 6 are needed/);
  assert.throws(() => correlateOpinions([1, 2], [1, 2]), /6 scores, not 2 and 2/);
});

test.run();
