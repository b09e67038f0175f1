// Shape arithmetic: PyTorch's broadcasting and axis rules.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { broadcastShapes, imageShape, normalizeAxes, sameShape, shapeText } from "../../../engine/lib/shapes.js";
import { planningGpu } from "../../../engine/open/planning.js";
import { messageOf } from "../../support/gpu.js";

const gpu = planningGpu({ profile: "gpu", subgroupSize: 0 });

test("shapes broadcast from the last axis, where sizes are equal or 1", () => {
  const cases: [a: number[], b: number[], both: number[]][] = [
    [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [3], [2, 3]],
    [[4, 1], [3], [4, 3]],
    [[], [2, 3], [2, 3]],
    [
      [1, 5],
      [6, 1, 1],
      [6, 1, 5],
    ],
    [
      [0, 3],
      [1, 3],
      [0, 3],
    ],
  ];
  for (const [a, b, both] of cases) {
    assert.equal(broadcastShapes("add", a, b), both);
    assert.equal(broadcastShapes("add", b, a), both);
  }
});

test("shapes that do not broadcast are named", () => {
  for (const [a, b] of [
    [[2, 3], [2]],
    [
      [2, 3],
      [3, 3],
    ],
  ]) {
    assert.match(
      messageOf(() => broadcastShapes("add", a, b)),
      `ShapeError: add: shapes [${a}] and [${b}] do not broadcast`,
    );
  }
});

const x = gpu.empty([2, 3, 4]);

test("axes count from either end and come out sorted; all of them where none are given", () => {
  assert.equal(normalizeAxes("sum", x, undefined), [0, 1, 2]);
  assert.equal(normalizeAxes("sum", x, [-1, 0]), [0, 2]);
  assert.equal(normalizeAxes("sum", x, []), []);
  assert.equal([normalizeAxes("sum", x, 0), normalizeAxes("sum", x, -1)], [[0], [2]]);
  assert.equal([normalizeAxes("unsqueeze", x, 3, 1), normalizeAxes("unsqueeze", x, -4, 1)], [[3], [0]]);
});

test("axes that are not there, or there twice, are refused", () => {
  for (const axes of [[3], [-4], [1, -2], [0.5], [Number.NaN], "1" as never]) {
    assert.match(
      messageOf(() => normalizeAxes("sum", x, axes)),
      "do not fit a tensor with 3 axes",
    );
  }
});

test("two shapes are the same if all their sizes are", () => {
  assert.ok(sameShape([2, 3], [2, 3]));
  assert.ok(sameShape([], []));
  assert.not(sameShape([2, 3], [3, 2]));
  assert.not(sameShape([2], [2, 1]));
});

test("images have four axes", () => {
  assert.equal([...imageShape("conv2d", gpu.empty([1, 2, 3, 4]))], [1, 2, 3, 4]);
  assert.match(
    messageOf(() => imageShape("conv2d", gpu.empty([2, 3]))),
    "conv2d: expected [batch, channels, height, width] and got [2,3]",
  );
});

test("messages write a shape in brackets", () => {
  assert.is(shapeText(gpu.empty([2, 3])), "[2,3]");
  assert.is(shapeText(undefined), "none");
});

test.run();
