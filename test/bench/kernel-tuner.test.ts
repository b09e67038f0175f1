// `cutgpu tune` as a user runs it, at a size that takes seconds, and what training makes of its table.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { choicesOf, tuneChoice, winnerOf, worthMeasuring } from "../../bench/kernel-tuner.js";
import { variantsOf } from "../../bench/measurement/variants.js";
import type { Rates } from "../../bench/winograd-model.js";
import { updateUserTuning, userTuningPath } from "../../cut/cli/user-tuning.js";
import { grad } from "../../engine/autograd.js";
import { sizeOf } from "../../engine/core/tensor.js";
import { adapterName } from "../../engine/device/adapter.js";
import { operatorTable } from "../../engine/families.js";
import { conv2d } from "../../engine/index.js";
import { applyTuning, keyOf, parseTuning, type TuningTable } from "../../engine/tuning/table.js";
import { assertRefused, assertStatus, cutgpu, makeDataset, tiny } from "../support/command.js";
import { halfGpu, ownGpu, testGpu } from "../support/gpu.js";
import { onHalves } from "../support/half.js";

const test = suite("cutgpu tune");

const cwd = mkdtempSync(join(tmpdir(), "cutgpu-tune-"));
test.after(() => rmSync(cwd, { recursive: true, force: true }));
const env = { XDG_CACHE_HOME: join(cwd, "cache") };
const run = (...args: string[]) => cutgpu(args, { cwd, env });
/** The generator of the tests' tiny training, and little else: most of the time goes into compiling kernels. */
const size = ["--crop_size", "16", "--ngf", "4", "--netG", "resnet_4blocks", "--ndf", "2", "--netD", "pixel"];
const heads = ["--num_patches", "16", "--netF_nc", "16"];

/** Rates by which everything is bound by arithmetic. */
const ANY: Rates = { gflops: 1, gbps: 1e6, dispatch_ms: 0 };

test("a kernel wins that is faster every time, and by enough", () => {
  const rounds = (tiled: number[], winograd: number[]) => new Map(Object.entries({ tiled, winograd }));
  assert.is(winnerOf("tiled", rounds([10, 11, 12], [7, 8, 9])), "winograd");
  assert.is(winnerOf("tiled", rounds([10, 11, 12], [7, 8, 10.5])), "tiled", "their times overlap");
  assert.is(winnerOf("tiled", rounds([10, 10, 10], [9.8, 9.8, 9.8])), "tiled", "too little to gain");
  assert.is(winnerOf("tiled", rounds([10, 11, 12], [20])), "tiled");
});

test("every choice of a step is found, and kernels that do the same are measured once", async () => {
  const gpu = await testGpu("software");
  const choices = await choicesOf(gpu, {
    crop_size: 16,
    ngf: 4,
    ndf: 4,
    netG: "resnet_4blocks",
    netD: "pixel",
    num_patches: 16,
    netF_nc: 16,
  });
  assert.is(new Set(choices.map(({ key }) => key)).size, choices.length);
  const found = new Set(choices.map(({ operator }) => operator));
  const trained = ["conv2d", "conv2dWeightGradient", "convTranspose2d", "linear", "matmul", "patchNce"];
  for (const operator of trained) assert.ok(found.has(operator), operator);
  for (const operator of found) assert.ok(operatorTable.get(operator)?.variants.length, `${operator} has no choice`);
  assert.ok(choices.every(({ dtypes }) => !dtypes.includes("f16")));
  // Winograd has no kernel for 7 x 7 taps.
  const first = choices.find(({ key }) => key.startsWith("conv2d 2x3x22x22 4x3x7x7")) ?? assert.unreachable();
  const { ms, rule, winner } = await tuneChoice(gpu, first as (typeof choices)[0], null);
  assert.not.ok(ms.has("winograd"));
  assert.ok(ms.has(rule) && ms.has(winner));
  assert.equal(
    [gpu.variants.table, gpu.observers.any, gpu.variants.forced("conv2d")],
    [null, false, undefined],
    "nothing stays",
  );
});

onHalves(test)("with f16 what is measured holds what it holds in training, and has a table of its own", async () => {
  const gpu = await halfGpu("software");
  const sizes = { crop_size: 16, ngf: 4, ndf: 4, netG: "resnet_4blocks", netD: "pixel", num_patches: 16, netF_nc: 16 };
  const choices = await choicesOf(gpu, sizes);
  const dtypesOf = (operator: string) => [
    ...new Set(choices.filter((choice) => choice.operator === operator).map(({ dtypes }) => dtypes.join(" ").trim())),
  ];
  assert.equal(dtypesOf("conv2d"), ["f16 f32 f32"]);
  assert.equal(dtypesOf("conv2dWeightGradient"), ["f16 f16"]);
  const sources = new Set<string>();
  const unobserve = gpu.observers.add({
    onDispatch: ({ bindings }) => {
      for (const [name, { dtype }] of Object.entries(bindings)) sources.add(`${name} ${dtype}`);
    },
  });
  const found = choices.find(({ operator }) => operator === "conv2d") ?? assert.unreachable();
  await tuneChoice(gpu, found as (typeof choices)[0], null).finally(unobserve);
  assert.ok(sources.has("x f16") && sources.has("w f32") && sources.has("y f16"), [...sources].join());
  assert.match(userTuningPath(gpu), /\.software\.f16\.json$/);
  assert.match(userTuningPath(await testGpu("software")), /\.software\.json$/);
});

test("Winograd is measured on the gpu profile where a gain is predicted, and a table then takes it", async () => {
  const gpu = await ownGpu("gpu");
  const [x, w] = [
    [1, 8, 8, 8],
    [8, 8, 3, 3],
  ];
  const options = { stride: 1, padding: 1, paddingMode: "zeros" };
  const calls = [
    { operator: "conv2d", shapes: [x, w, undefined], options },
    { operator: "convTranspose2d", shapes: [x, w, undefined], options: { stride: 1, padding: 1, outputSize: [8, 8] } },
    { operator: "conv2dWeightGradient", shapes: [x, x], options: { ...options, kernel: [3, 3] } },
  ];
  const choices = calls.map((call) => ({
    ...call,
    dtypes: call.shapes.map(() => "f32" as const),
    key: keyOf(call.operator, call.shapes, call.options),
  }));
  // One is measured; a software adapter compiles all tiles of each for seconds.
  const { ms, rule } = await tuneChoice(gpu, choices[0], ANY);
  assert.ok(ms.has("winograd") && ms.has(rule), [...ms.keys()].join());
  assert.is.not(rule, "winograd", "by rule it is off");
  for (const choice of choices) {
    assert.ok(variantsOf(gpu, choice.operator, [choice]).includes("winograd"), choice.operator);
    assert.ok(worthMeasuring("winograd", choice, ANY), choice.operator);
  }
  const predicted = await tuneChoice(gpu, choices[0], { ...ANY, dispatch_ms: 1 });
  assert.not.ok(predicted.ms.has("winograd"), "four dispatches for one were predicted to lose");

  const table = (variant: string) => ({
    version: 1 as const,
    adapter: adapterName(gpu),
    profile: gpu.profile,
    choices: Object.fromEntries(choices.map(({ key }) => [key, variant])),
  });
  const kernels = async (tuning: TuningTable) => {
    assert.ok(applyTuning(gpu, parseTuning(JSON.stringify(tuning))));
    const seen = new Set<string>();
    const unobserve = gpu.observers.add({ onDispatch: ({ source }) => seen.add(source.name) });
    gpu.scope(() => {
      const [input, weights] = [x, w].map((shape) => gpu.tensor(new Float32Array(sizeOf(shape)), shape).requireGrad());
      const y = conv2d(input, weights, undefined, { padding: 1 });
      grad(y, [input, weights], { dy: gpu.tensor(new Float32Array(512), x) });
    });
    unobserve();
    return [...seen].filter((name) => name.startsWith("winograd_")).sort();
  };
  assert.equal(await kernels(table("tiled")), []);
  assert.equal(await kernels(table("winograd")), [
    "winograd_input",
    "winograd_output_gradient",
    "winograd_output_vec4",
    "winograd_weight_gradient",
    "winograd_weights",
  ]);
  gpu.dispose();
});

let path: string;

test("measures, keeps a table for the adapter, and lists it", async () => {
  const tuned = await run("tune", ...size, ...heads);
  assertStatus(tuned, 0);
  assert.match(tuned.stdout, /^conv2d 2x3x22x22 4x3x7x7 4 padding=0.*\n +\w+ [\d.]+ ms.* -> \w+/m);
  path = tuned.stdout.match(/for \d+ of \d+ choices: (.*)$/m)?.[1] ?? "";
  const table = JSON.parse(readFileSync(path, "utf8")) as TuningTable;
  assert.is(dirname(path), join(env.XDG_CACHE_HOME, "cutgpu", "tuning"));
  assert.is(table.version, 1);
  assert.ok(tuned.stdout.startsWith(`${table.adapter}, ${table.profile} kernels\n`));
  assertRefused(await run("tune", "--list", "--forget"), 2, /give one of them/);
  const listed = await run("tune", "--list");
  assert.match(listed.stdout, `${path}: ${Object.keys(table.choices).length} choices`);
});

test("a run trains with the table, keeps it, and goes on with its own", async () => {
  const data = await makeDataset(join(cwd, "data"), 2);
  const table = JSON.parse(readFileSync(path, "utf8")) as TuningTable;
  const keys = JSON.stringify({
    ...table,
    choices: { "linear 32x16 16x16 16": "tiled" },
  });
  writeFileSync(path, keys);
  const train = (name: string, steps: number, ...more: string[]) =>
    run(
      "train",
      "--dataroot",
      data,
      "--name",
      name,
      ...tiny,
      "--save_latest_freq",
      "1",
      "--max_steps",
      String(steps),
      ...more,
    );
  const resume = (name: string, steps: number) =>
    run("train", "--continue_train", "--name", name, "--max_steps", String(steps));
  const latest = (name: string) => readFileSync(join(cwd, "runs", name, "latest.safetensors"));

  const whole = await train("whole", 4);
  assertStatus(whole, 0);
  assert.match(whole.stderr, /tuned \(1 choices\)/);
  const kept = join(cwd, "runs", "whole", "tuning.json");
  assert.equal(JSON.parse(readFileSync(kept, "utf8")), JSON.parse(keys));
  assertStatus(await train("parts", 2), 0);

  assert.match((await run("tune", "--forget")).stdout, /removed/);
  assert.not.ok(existsSync(path));
  const resumed = await resume("parts", 4);
  assertStatus(resumed, 0);
  assert.match(resumed.stderr, /note: this run goes on with the tuned kernels that it began with/);
  // The run's options lie in the checkpoint, its name among them.
  const unnamed = (name: string) => latest(name).toString("latin1").replaceAll(name, "");
  assert.ok(unnamed("parts") === unnamed("whole"), "the bytes of a run that was not stopped");

  // The other way about: a run that began by the rule stays with it.
  assertStatus(await train("ruled", 1), 0);
  assert.not.ok(existsSync(join(cwd, "runs", "ruled", "tuning.json")));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, keys);
  const ruled = await resume("ruled", 2);
  assert.match(ruled.stderr, /goes on with kernels chosen by rule, as it began/);
  assert.not.match(ruled.stderr, /tuned \(/);

  writeFileSync(kept, "{");
  assertRefused(await resume("whole", 5), 1, /tuning\.json is not JSON; restore it, or remove it/);
});

test("measured choices join those that another process wrote meanwhile, and none of another adapter", async () => {
  const gpu = await testGpu("software");
  const before = process.env["XDG_CACHE_HOME"];
  process.env["XDG_CACHE_HOME"] = join(cwd, "shared-cache");
  const file = userTuningPath(gpu);
  const choices = () => (JSON.parse(readFileSync(file, "utf8")) as TuningTable).choices;
  try {
    updateUserTuning(gpu, new Map([["a", "tiled"]]));
    updateUserTuning(gpu, new Map([["b", "winograd"]]));
    assert.equal(choices(), { a: "tiled", b: "winograd" });
    updateUserTuning(gpu, new Map([["a", null]]));
    assert.equal(choices(), { b: "winograd" });
    writeFileSync(file, readFileSync(file, "utf8").replace(JSON.stringify(adapterName(gpu)), '"another"'));
    updateUserTuning(gpu, new Map([["c", "tiled"]]));
    assert.equal(choices(), { c: "tiled" });
    writeFileSync(file, "torn");
    updateUserTuning(gpu, new Map([["d", "tiled"]]));
    assert.equal(choices(), { d: "tiled" });
  } finally {
    if (before === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = before;
  }
});

test("a file that is no table is noted and does not stop anybody", async () => {
  writeFileSync(path, "torn");
  const doctor = await run("tune", "--list");
  assertStatus(doctor, 0);
  assert.match(doctor.stderr, /note: .*is not JSON, so kernels are chosen by rule\. Make a new one with `cutgpu tune`/);
  assert.match(doctor.stdout, /there is no tuning table/);
});

test.run();
