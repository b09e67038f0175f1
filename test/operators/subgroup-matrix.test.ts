// Convolutions, products and their gradients in the form for tensor cores, against the float64 reference: borders, sums
// of several splits, and rows, columns and K elements that fill no matrix.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { onHalves } from "../support/half.js";
import { conv2d } from "./convolution.js";
import { matmul } from "./matmul.js";
import type { OperatorCase } from "./support/case.js";
import { checkHalves } from "./support/half.js";
import { matrixGpu } from "./support/subgroup-matrix.js";
import { everywhere } from "./support/variants.js";

const manyRows = conv2d([1, 31, 6, 35], [130, 31, 3, 3], { padding: 1, paddingMode: "reflect" }, false);
const longSums = conv2d([2, 77, 5, 6], [20, 77, 3, 3], { padding: 1 });
const product = matmul([2], [2], false, false, [70, 45, 131]);

const CONVOLUTIONS = ["conv2d_matrix", "conv2d_weight_gradient_matrix"];

async function check(given: OperatorCase, kernels: readonly string[]): Promise<void> {
  const { gpu, used } = await matrixGpu();
  try {
    await gpu.variants.force(everywhere("tiled_64x128"), () => checkHalves(gpu, given, given.title));
    assert.equal([...used].filter((name) => name.endsWith("_matrix")).sort(), kernels);
  } finally {
    gpu.dispose();
  }
}

// Every one takes seconds to compile, and the largest tile more workgroup memory than software adapters have.
onHalves(test)("convolutions on tensor cores: rows of several tiles", () => check(manyRows, CONVOLUTIONS));

onHalves(test)("convolutions on tensor cores: sums of several splits", () => check(longSums, CONVOLUTIONS));

onHalves(test)("products and their gradients on tensor cores", () => check(product, ["matmul_matrix"]));

onHalves(test)("smaller tiles, and tensors of f32, stay with multiply-adds", async () => {
  const { gpu, used } = await matrixGpu();
  try {
    await gpu.variants.force(everywhere("tiled_16x64"), () => checkHalves(gpu, longSums, longSums.title));
    assert.ok(used.has("conv2d_tiled") && ![...used].some((name) => name.endsWith("_matrix")));
  } finally {
    gpu.dispose();
  }
});

test.run();
