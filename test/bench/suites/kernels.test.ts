// The suite "kernels" is complete: a row for every operator and variant, each running what it is named after.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { casesOf, runBench } from "../../../bench/index.js";
import { makeInput } from "../../../bench/inputs/random-data.js";
import { observeDryRun } from "../../../bench/measurement/observe.js";
import { variantsOf } from "../../../bench/measurement/variants.js";
import { operatorBenches } from "../../../bench/operators/table.js";
import { operatorTable } from "../../../engine/operators/table.js";
import { testGpu } from "../../support/gpu.js";

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
    for (const variant of variantsOf(gpu, operator)) assert.ok(forced.includes(variant), `${operator} ${variant}`);
  }
  const names = cases.map(({ kernel, shape, variant }) => `${kernel} ${shape} ${variant}`);
  assert.is(new Set(names).size, names.length, "names are keys");
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
