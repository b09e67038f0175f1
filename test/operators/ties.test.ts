// Comparisons, maximum and minimum where the operands are equal or no numbers, and clamp at its bounds: there they have
// no derivative that differences could check, and PyTorch's choice is held to here.
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  argmax,
  argmin,
  clamp,
  div,
  eq,
  ge,
  grad,
  gt,
  le,
  log,
  lt,
  max,
  maximum,
  minimum,
  ne,
  pow,
  smoothL1Loss,
  softmax,
  sum,
  where,
} from "../../engine/index.js";
import { profiles, testGpu } from "../support/gpu.js";

for (const profile of profiles) {
  test(`comparisons of equal and unequal numbers and of NaN (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const [a, b] = [gpu.tensor([1, 2, 2, Number.NaN]), gpu.tensor([2, 2, 1, 0])];
    const answers = { gt, ge, lt, le, eq, ne };
    const expected = {
      gt: [0, 0, 1, 0],
      ge: [0, 1, 1, 0],
      lt: [1, 0, 0, 0],
      le: [1, 1, 0, 0],
      eq: [0, 1, 0, 0],
      ne: [1, 0, 1, 1],
    };
    for (const [name, compare] of Object.entries(answers)) {
      assert.equal([...(await compare(a, b).read())], expected[name as keyof typeof expected], name);
    }
  });

  test(`where both are equal each gets half of the gradient (${profile})`, async () => {
    const gpu = await testGpu(profile);
    for (const [extreme, larger] of [
      [maximum, 1],
      [minimum, 0],
    ] as const) {
      const a = gpu.tensor([3, 5]).requireGrad();
      const b = gpu.tensor([3, 4]).requireGrad();
      const [da, db] = grad(extreme(a, b), [a, b], { dy: gpu.tensor([2, 2]) });
      assert.equal([...(await da.read())], [1, 2 * larger]);
      assert.equal([...(await db.read())], [1, 2 * (1 - larger)]);
    }
  });

  test(`max shares its gradient among equals, and argmax names the first of them (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const x = gpu
      .tensor([
        [1, 3, 3],
        [2, 2, 0],
      ])
      .requireGrad();
    const [dx] = grad(max(x, 1), [x], { dy: gpu.tensor([2, 4]) });
    assert.equal([...(await dx.read())], [0, 1, 1, 2, 2, 0]);
    assert.equal([...(await argmax(x, 1).read())], [1, 0]);
    assert.equal([...(await argmin(x, 1).read())], [0, 2]);
    assert.is(await argmax(x).item(), 1);
  });

  test(`what where leaves out may be infinite or no number (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const x = gpu.tensor([-1, 4]).requireGrad();
    const y = where(gt(x, gpu.tensor(0)), log(x), div(x, gpu.tensor([1, 0])));
    assert.ok((await y.read()).every((value, i) => Math.abs(value - [-1, Math.log(4)][i]) < 1e-6));
    // A mask of attention: a number may be infinite, too.
    const { POSITIVE_INFINITY, NEGATIVE_INFINITY } = Number;
    for (const mask of [gpu.tensor([0, 1]), gpu.tensor(Int32Array.of(0, 1))]) {
      assert.equal([...(await where(mask, x, NEGATIVE_INFINITY).read())], [NEGATIVE_INFINITY, 4]);
      assert.equal([...(await where(mask, POSITIVE_INFINITY, x).read())], [-1, POSITIVE_INFINITY]);
    }
    const [dx] = grad(sum(softmax(where(gpu.tensor([0, 1]), x, NEGATIVE_INFINITY), 0)), [x]);
    assert.equal([...(await dx.read())], [0, 0]);
  });

  test(`powers of 0, and their derivatives (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const zero = gpu.tensor([0]).requireGrad();
    const { POSITIVE_INFINITY } = Number;
    for (const [exponent, expected] of [
      [-1, [POSITIVE_INFINITY]],
      [-0.5, [POSITIVE_INFINITY]],
      [0.5, [0, POSITIVE_INFINITY]],
      [0, [1, 0]],
      [1, [0, 1, 0]],
      [2, [0, 0, 2, 0]],
    ] as const) {
      const derivatives = [pow(zero, exponent)];
      for (let i = 1; i < expected.length; i++)
        derivatives.push(grad(derivatives[i - 1], [zero], { createGraph: true })[0]);
      for (const [i, derivative] of derivatives.entries()) assert.is(await derivative.item(), expected[i]);
    }
  });

  test(`the second derivative of smoothL1Loss where both are equal (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const x = gpu.tensor([1, 2, 9]).requireGrad();
    const loss = smoothL1Loss(x, gpu.tensor([1, 1.75, 1]), { beta: 0.5, reduction: "sum" });
    const [dx] = grad(loss, [x], { createGraph: true });
    assert.equal([...(await dx.read())], [0, 0.5, 1]);
    assert.equal([...(await grad(sum(dx), [x])[0].read())], [2, 2, 0]);
  });

  test(`clamp passes the gradient at its bounds, and not beyond (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const x = gpu.tensor([-2, -1, 0, 1, 2]).requireGrad();
    const y = clamp(x, -1, 1);
    const [dx] = grad(y, [x], { dy: gpu.tensor([1, 1, 1, 1, 1]) });
    assert.equal([...(await y.read())], [-1, -1, 0, 1, 1]);
    assert.equal([...(await dx.read())], [0, 1, 1, 1, 0]);
    assert.equal([...(await clamp(x, 0).read())], [0, 0, 0, 1, 2]);
  });
}

test.run();
