// The plan of a step: the very dispatches that the step then makes, in numbers that are held here so that none is added
// unseen.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { planDispatches } from "../../bench/step-plan.js";
import { resolveOptions } from "../../cut/options/train-options.js";
import { TrainingStep } from "../../cut/training/training-step.js";
import type { AdapterTraits, Precision } from "../../engine/device/adapter.js";
import { Random } from "../../engine/lib/random.js";
import { planningGpu } from "../../engine/open/planning.js";
import { SIDE, tinyOptions } from "../cut/training/tiny-options.js";
import { projectFolder } from "../support/command.js";
import { testGpu } from "../support/gpu.js";

const adapters: [AdapterTraits, dispatches: number][] = [
  [{ profile: "gpu", subgroupSize: 32 }, 227],
  [{ profile: "software", subgroupSize: 8 }, 264],
];
const size = { batch: 1, height: SIDE, width: SIDE };

for (const [adapter, dispatches] of adapters) {
  test(`a small step takes ${dispatches} dispatches (${adapter.profile})`, async () => {
    const plan = await planDispatches(planningGpu(adapter), tinyOptions(), size);
    const counts = plan.kernels.map((kernel) => `${kernel.dispatches} ${kernel.label}`);
    assert.is(plan.dispatches, dispatches, `as counted now, where fewer are welcome:\n${counts.join("\n")}`);
  });
}

for (const [patch_loss, dispatches] of [
  ["hdce", 265],
  ["monce", 268],
] as const) {
  test(`a small step with ${patch_loss} takes ${dispatches} dispatches, the loss being one operator`, async () => {
    const plan = await planDispatches(planningGpu(adapters[0][0]), tinyOptions({ patch_loss }), size);
    assert.is(plan.dispatches, dispatches, "where fewer are welcome");
  });
}

test("a plan counts what the step then does", async () => {
  const gpu = await testGpu("software");
  const options = tinyOptions();
  const plan = await planDispatches(planningGpu(gpu), options, size);
  const step = new TrainingStep(gpu, options);
  const picture = new Float32Array(3 * SIDE * SIDE);
  const pair = { A: picture, B: picture, height: SIDE, width: SIDE };
  await step.run({ ...pair, draw: step.draw(new Random(1), pair), learningRate: 0 });
  assert.is(plan.dispatches, step.size.dispatches);
  // The inputs are no part of the program: pictures and positions.
  assert.ok(plan.workBytes > step.size.bytes && plan.workBytes < step.size.bytes + 2 ** 15);
  step.dispose();
});

test("with activations stored as f16 a whole step takes 0.6 GiB at most, and binds fewer bytes", async () => {
  const options = resolveOptions({ dataroot: "none" });
  const plan = (precision: Precision) =>
    planDispatches(planningGpu({ ...adapters[0][0], precision }), options, { batch: 1, height: 256, width: 256 });
  const [full, half] = [await plan("f32"), await plan("f16")];
  assert.ok(half.workBytes + half.modelBytes <= 0.6 * 2 ** 30, `${half.workBytes + half.modelBytes}`);
  assert.ok(half.workBytes <= 0.56 * full.workBytes, `${half.workBytes} of ${full.workBytes}`);
  assert.ok(half.bytes <= 0.6 * full.bytes, `${half.bytes} of ${full.bytes}`);
  // Loss scaling adds checks of the gradients, the step scalars of each Adam, and the update of the scale.
  assert.ok(half.dispatches <= full.dispatches + 9, `${half.dispatches}`);
});

test("with a table that takes Winograd's convolutions, their real FLOPs stand beside the nominal ones", async () => {
  const gpu = planningGpu(adapters[0][0]);
  const taken: string[] = [];
  const unobserve = gpu.observers.add({
    onChoice({ operator, key }) {
      if (operator.startsWith("conv")) taken.push(key);
    },
  });
  const direct = await planDispatches(gpu, tinyOptions(), size);
  unobserve();
  assert.is(direct.realFlops, direct.flops);
  gpu.variants.use({
    version: 1,
    adapter: "any",
    profile: "gpu",
    choices: Object.fromEntries(taken.map((key) => [key, "winograd"])),
  });
  const plan = await planDispatches(gpu, tinyOptions(), size);
  assert.is(plan.flops, direct.flops, "nominal is nominal");
  assert.is.not(plan.realFlops, plan.flops);
  assert.ok(plan.dispatches > direct.dispatches && plan.bytes > direct.bytes && plan.workBytes > direct.workBytes);
  const names = new Set(plan.kernels.map(({ name }) => name));
  for (const name of ["winograd_input", "winograd_weight_gradient"]) assert.ok(names.has(name), name);
  const products = plan.kernels.filter(({ name }) => name === "matmul_tiled");
  assert.ok(products.length > 0);
});

test("kernels come with their constants filled in and their grids, and FLOPs by operator", async () => {
  const plan = await planDispatches(planningGpu(adapters[1][0]), tinyOptions(), size);
  for (const { label, code, dispatches, grids } of plan.kernels) {
    for (const [, name, value] of label.matchAll(/-([A-Z]\w*)=([\w.]+)/g)) {
      assert.match(code, new RegExp(`^const ${name}: \\w+ = ${value}(\\.0)?;`, "m"), label);
    }
    assert.is(
      [...grids.values()].reduce((sum, grid) => sum + grid.dispatches, 0),
      dispatches,
      label,
    );
  }
  assert.is(new Set(plan.kernels.map(({ code }) => code)).size, plan.kernels.length, "each text once");
  const [most] = plan.operators;
  assert.match(most.operator, /^conv/);
  assert.is(
    plan.operators.reduce((sum, { flops }) => sum + flops, 0),
    plan.flops,
  );
});

/** The rows of the table in docs/method.md, section 4, and the options of each. */
const documented: [row: string, ...options: Record<string, unknown>[]][] = [
  ["CUT", {}],
  ["`gan_mode wgangp`; `lambda_R1` above 0 in every step", { gan_mode: "wgangp" }, { lambda_R1: 1 }],
  ["`patch_loss hdce`", { patch_loss: "hdce" }],
  ["`patch_loss monce`; with `plan_detached`", { patch_loss: "monce" }, { patch_loss: "monce", plan_detached: true }],
  ["`nce_bank` 4096; 16384", ...[4096, 16384].map((nce_bank) => ({ nce_negatives: "both", nce_bank }))],
  ...["cycle_gan", "enco", "dclgan"].map((model): (typeof documented)[number] => [
    `\`model ${model}\`; with \`low_memory\``,
    { model },
    { model, low_memory: true },
  ]),
  [
    "`model sincut`, 16 crops of 64 x 64; with `low_memory`",
    { model: "sincut" },
    { model: "sincut", low_memory: true },
  ],
];

test("docs/method.md says what steps ask of a GPU", async () => {
  const page = readFileSync(join(projectFolder, "docs/method.md"), "utf8");
  const number = (value: number) => Math.round(value).toLocaleString("en");
  for (const [row, ...given] of documented) {
    const cells: string[][] = [[], [], []];
    for (const each of given) {
      const options = resolveOptions({ dataroot: "none", ...each });
      const { crop_size: side, batch_size: batch } = options;
      const plan = await planDispatches(planningGpu(adapters[0][0]), options, { batch, height: side, width: side });
      cells[0].push(number(plan.dispatches));
      cells[1].push(number(plan.flops / 1e9));
      cells[2].push(`${number((plan.modelBytes + plan.workBytes) / 2 ** 20)} MiB`);
    }
    const line = [row, ...cells.map((values) => [...new Set(values)].join("; "))].join(" | ");
    assert.ok(page.includes(`\n| ${line} |\n`), `as planned now: | ${line} |`);
  }
});

test.run();
