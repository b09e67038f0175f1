// Convolutions to at most four output channels by the kernels that GPUs get for them, in every form: each number of
// channels, kernels of one to seven rows, rows of pixels that are no multiple of an invocation's eight, images wider
// than a workgroup, input channels in several splits and in several parts that workgroup memory holds, phases of a
// transpose. Forward, and the gradients of input, weights, bias.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Gpu } from "../../engine/core/gpu.js";
import { runChild } from "../support/child.js";
import { ownGpu } from "../support/gpu.js";
import { conv2d, convTranspose2d } from "./convolution.js";
import type { OperatorCase } from "./support/case.js";
import { checkCase } from "./support/check.js";
import { everywhere } from "./support/variants.js";

const test = suite("convolutions to few channels on GPUs");
let gpu: Gpu;
test.before(async () => {
  gpu = await ownGpu("gpu");
});
test.after(() => gpu.dispose());

const cases: readonly OperatorCase[] = [
  conv2d([2, 3, 9, 11], [3, 3, 7, 7], { padding: 3, paddingMode: "reflect" }),
  conv2d([1, 33, 8, 70], [1, 33, 4, 4], { padding: 1 }),
  conv2d([3, 5, 17, 5], [4, 5, 3, 3], { padding: 1 }, false),
  conv2d([2, 1, 10, 9], [2, 1, 5, 3], { padding: 2 }),
  conv2d([1, 5, 6, 8], [3, 5, 6, 2], {}),
  conv2d([2, 3, 2, 2], [3, 3, 2, 1], {}),
  conv2d([2, 300, 3, 5], [3, 300, 1, 1], {}),
  convTranspose2d([1, 300, 3, 3], [300, 2, 4, 4], { stride: 2, padding: 1 }),
  convTranspose2d([2, 5, 4, 3], [5, 3, 3, 3], { stride: 2, padding: 1, outputPadding: 1 }, false),
];

for (const given of cases) {
  test(given.title, async () => {
    const seen = new Set<string>();
    const unobserve = gpu.observers.add({ onDispatch: ({ source }) => void seen.add(source.name) });
    await gpu.variants.force(everywhere("skinny"), () => checkCase(gpu, given, given.title));
    unobserve();
    assert.ok(seen.has("conv2d_skinny"), [...seen].join(", "));
  });
}

test("in a page they are loaded with the programs that take them, and calls by themselves do without", async () => {
  const { status, stdout } = await runChild("operators/children/few-channels.js");
  assert.is(status, 0);
  assert.equal(stdout.trim().split("\n"), ["conv2d_tiled", "conv2d_skinny"]);
});

test.run();
