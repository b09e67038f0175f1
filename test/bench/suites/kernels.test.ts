// The suite "kernels" is complete: a row for every operator and variant, each running what it is named after.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { casesOf, runBench } from "../../../bench/index.js";
import { makeInput } from "../../../bench/inputs/random-data.js";
import { observeDryRun } from "../../../bench/measurement/observe.js";
import { variantsOf } from "../../../bench/measurement/variants.js";
import { operatorBenches } from "../../../bench/operators/table.js";
import { operatorTable } from "../../../engine/families.js";
import { ownGpu, testGpu } from "../../support/gpu.js";

test("every operator of the engine has a row, and rows run what they are named after", async () => {
  const gpu = await testGpu("software");
  const rated = new Set(casesOf(gpu, ["kernels"]).flatMap(({ operators = [] }) => operators));
  assert.equal(
    [...operatorTable.keys()].filter((name) => !rated.has(name)),
    [],
    "operators without a row in bench/operators",
  );
  for (const { kernel, operator = kernel, inputs, work } of operatorBenches) {
    const tensors = inputs.map((input) => makeInput(gpu, input));
    const called = (await observeDryRun(gpu, () => work(...tensors))).map((call) => call.operator);
    assert.ok(called.includes(operator), `${operator} runs ${called}`);
    for (const tensor of tensors) tensor.dispose();
  }
});

test("every kernel that the adapter can run has a row of its own", async () => {
  const gpu = await testGpu("software");
  const cases = casesOf(gpu, ["kernels"]);
  for (const operator of operatorTable.keys()) {
    const forced = cases.filter(({ operators }) => operators?.[0] === operator).map(({ variant }) => variant);
    if (operatorTable.get(operator)?.variants.length === 0) continue;
    for (const variant of variantsOf(gpu, operator, [])) assert.ok(forced.includes(variant), `${operator} ${variant}`);
  }
  const names = cases.map(({ kernel, shape, variant }) => `${kernel} ${shape} ${variant}`);
  assert.is(new Set(names).size, names.length, "names are keys");
});

test("no row is named after a kernel that cannot compute its shape", async () => {
  for (const gpu of [await testGpu("software"), await ownGpu("gpu")]) {
    const shapesOf = (kernel: string, variant: string) =>
      casesOf(gpu, ["kernels"])
        .filter((row) => row.kernel === kernel && row.variant === variant)
        .map(({ shape }) => shape);
    assert.equal(shapesOf("convTranspose2d", "winograd"), [], "its stride is 2");
    for (const kernel of ["conv2d", "conv2d.dx", "conv2d.dw"]) {
      const taps = new Set(shapesOf(kernel, "winograd").map((shape) => shape.slice(0, 3)));
      assert.equal([...taps], ["3x3", "4x4"], kernel);
      assert.is(shapesOf(kernel, "tiled").length, 9, "tiles serve all");
    }
    if (gpu.profile === "software") continue;
    assert.equal(shapesOf("conv2d", "skinny"), ["7x7 unpadded 64->3 at 70x70"]);
    assert.equal(shapesOf("conv2d.dx", "skinny"), ["7x7 unpadded 3->64 at 70x70"]);
    assert.equal(shapesOf("conv2d.dw", "skinny"), ["7x7 unpadded 64->3 at 70x70"]);
    gpu.dispose();
  }
});

test("optimizers and pictures, which are no operators, have rows too", async () => {
  const gpu = await testGpu("software");
  const [adam] = await runBench(gpu, { suites: ["kernels"], filter: "kernels adam" });
  assert.is(adam.bytes, 7 * 4 * 256 * 256 * 9);
  assert.ok(adam.gflops && adam.roofline && adam.reference_ms);
  const pictures = await runBench(gpu, { suites: ["kernels"], filter: "256x256 pixels" });
  assert.equal(
    pictures.map(({ kernel, ms, roofline }) => [kernel, (ms?.median ?? 0) > 0, roofline]),
    [
      ["fromImage", true, null],
      ["toImageData", true, null],
    ],
  );
});

test.run();
