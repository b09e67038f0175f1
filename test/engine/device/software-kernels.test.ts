// That variants whose kernels are loaded on demand are known by their names as build.mjs knows the kernels by theirs.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadedOnDemand } from "../../../engine/device/software-kernels.js";
import { operatorTable } from "../../../engine/families.js";
import { conv2d, grad, linear, matmul, patchNce, planningGpu, sum } from "../../../engine/index.js";
import { dryRun } from "../../../engine/program/recording.js";
import { everywhere } from "../../operators/support/variants.js";

test("a variant's kernels are loaded on demand where its name says so", () => {
  for (const variant of new Set([...operatorTable.values()].flatMap(({ variants }) => variants))) {
    const gpu = planningGpu({ profile: "gpu", subgroupSize: 32 });
    const onDemand = new Set<boolean>();
    gpu.observers.add({ onDispatch: ({ source }) => void onDemand.add(source.code === "") });
    // Sizes that all variants serve.
    const [x, w, rows] = [
      [1, 4, 8, 8],
      [4, 4, 3, 3],
      [8, 8],
    ].map((shape) => gpu.empty(shape).requireGrad());
    const work = () => {
      const layers = [conv2d(x, w), linear(matmul(rows, rows), rows), patchNce(rows, rows, { groups: 1, tau: 1 })];
      for (const y of layers) grad(sum(y), [x, w, rows], { allowUnused: true });
    };
    gpu.variants.force(everywhere(variant), () => dryRun(gpu, work));
    assert.is(onDemand.has(true), loadedOnDemand(variant), variant);
    gpu.dispose();
  }
});

test.run();
