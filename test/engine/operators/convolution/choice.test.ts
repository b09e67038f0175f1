// Which kernels can compute a convolution, which of them the rule takes, and what is done where a forced one cannot.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterTraits } from "../../../../engine/device/adapter.js";
import { type OperatorSummary, operatorTable } from "../../../../engine/families.js";
import { conv2d, planningGpu } from "../../../../engine/index.js";

const gpu: AdapterTraits = { profile: "gpu", subgroupSize: 32 };
const software: AdapterTraits = { profile: "software", subgroupSize: 8 };

/** Those of Winograd's and few channels' kernels that apply to a call, on either profile. */
function special(operator: string, shapes: readonly number[][], options: object): string[] {
  const { applies } = operatorTable.get(operator) as OperatorSummary;
  assert.ok(["tiled", "tiled_4x256", "broadcast"].every((name) => applies(name, shapes, options, gpu)));
  const both = ["winograd", "skinny"].filter((name) => applies(name, shapes, options, gpu));
  assert.equal(
    ["winograd", "skinny"].filter((name) => applies(name, shapes, options, software)),
    both,
  );
  return both;
}

const plain = { stride: 1, padding: 1, paddingMode: "zeros" };

test("Winograd's kernels apply to 3 x 3 and 4 x 4 without a stride, those for few channels to at most four", () => {
  const conv = (out: number, kh: number, kw: number, stride = 1) =>
    special(
      "conv2d",
      [
        [1, 8, 32, 32],
        [out, 8, kh, kw],
      ],
      { ...plain, stride },
    );
  assert.equal(conv(64, 3, 3), ["winograd"]);
  assert.equal(conv(64, 4, 4), ["winograd"]);
  assert.equal(conv(4, 3, 3), ["winograd", "skinny"]);
  assert.equal(conv(3, 7, 7), ["skinny"]);
  assert.equal(conv(5, 7, 7), []);
  assert.equal(conv(3, 8, 1), []);
  assert.equal(conv(3, 3, 4), ["skinny"]);
  assert.equal(conv(3, 3, 3, 2), []);
});

test("a transpose counts its output's channels, and the kernel elements of a phase", () => {
  const transpose = (out: number, kernel: number, stride: number) =>
    special(
      "convTranspose2d",
      [
        [1, 8, 8, 8],
        [8, out, kernel, kernel],
      ],
      { stride, padding: 1, outputSize: [16, 16] },
    );
  assert.equal(transpose(64, 3, 1), ["winograd"]);
  assert.equal(transpose(64, 3, 2), []);
  assert.equal(transpose(3, 14, 2), ["skinny"]);
  assert.equal(transpose(3, 15, 2), []);
});

test("a gradient of weights counts the channels of the output", () => {
  const gradient = (out: number, kernel: readonly [number, number]) =>
    special(
      "conv2dWeightGradient",
      [
        [1, 8, 8, 8],
        [1, out, 8, 8],
      ],
      { ...plain, kernel },
    );
  assert.equal(gradient(64, [3, 3]), ["winograd"]);
  assert.equal(gradient(3, [7, 7]), ["skinny"]);
  assert.equal(gradient(64, [7, 7]), []);
});

test("where a forced variant does not apply, the rule decides", () => {
  const kernelOf = (traits: AdapterTraits, forced: string, out: number) => {
    const engine = planningGpu(traits);
    const seen: string[] = [];
    engine.observers.add({ onDispatch: ({ source }) => void seen.push(source.name) });
    const [x, w] = [engine.empty([1, 64, 32, 32]), engine.empty([out, 64, 7, 7])];
    engine.variants.force({ conv2d: forced }, () => conv2d(x, w));
    engine.dispose();
    return seen[0];
  };
  assert.is(kernelOf(gpu, "winograd", 64), "conv2d_tiled");
  assert.is(kernelOf(gpu, "skinny", 64), "conv2d_tiled");
  assert.is(kernelOf(gpu, "skinny", 3), "conv2d_skinny");
  assert.is(kernelOf(software, "winograd", 64), "conv2d_broadcast");
  assert.is(kernelOf(software, "tiled", 64), "conv2d_tiled", "what applies is not passed over");
});

test.run();
