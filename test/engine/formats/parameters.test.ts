// Parameters to a file and back, to the bit, and files that do not fit.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadParameters, saveParameters, type Tensor } from "../../../engine/index.js";
import { messageOf, testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");

test("what is saved and loaded is the same", async () => {
  const weight = gpu.tensor([[1 / 3, -2, 1e-30]]);
  const count = gpu.tensor(Int32Array.of(16777217));
  const file = await saveParameters(
    new Map([
      ["weight", weight],
      ["1.count", count],
    ]),
  );
  const into = new Map([
    ["1.count", gpu.empty([1], "i32")],
    ["weight", gpu.empty([1, 3])],
  ]);
  loadParameters(file, into);
  assert.equal(await into.get("weight")?.read(), await weight.read());
  assert.equal(await into.get("1.count")?.read(), await count.read());
});

test("a file that does not fit changes nothing", async () => {
  const file = await saveParameters(
    new Map([
      ["a", gpu.tensor([1])],
      ["b", gpu.tensor([2.5, 3])],
    ]),
  );
  const a = gpu.tensor([7]);
  const disposed = gpu.empty([2]);
  disposed.dispose();
  for (const [others, says] of [
    [[], /holds b, which is no parameter/],
    [
      [
        ["b", gpu.empty([2])],
        ["c", gpu.empty([1])],
      ],
      /the file holds no c/,
    ],
    [[["b", gpu.empty([1, 2])]], /b is of shape \[2\] in the file and \[1,2\] here/],
    [[["b", disposed]], /DisposedError: a tensor of shape \[2\] was used after dispose/],
    [[["b", gpu.empty([2], "i32")]], /ArgumentError: tensor: an element cannot be 2.5/],
  ] as [[string, Tensor][], RegExp][]) {
    assert.match(
      messageOf(() => loadParameters(file, new Map([["a", a], ...others]))),
      says,
    );
  }
  assert.equal([...(await a.read())], [7]);
  assert.throws(() => loadParameters(file.subarray(0, 20), new Map([["a", a]])), /truncated|header/);
});

test.run();
