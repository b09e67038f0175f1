// Tuning tables: what their entries are called, what a table is, and that its choices are what runs.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Gpu } from "../../../engine/core/gpu.js";
import { adapterName } from "../../../engine/device/adapter.js";
import { record } from "../../../engine/index.node.js";
import { Random } from "../../../engine/lib/random.js";
import { conv2d } from "../../../engine/operators/convolution/index.js";
import { fusedPatchNce, patchKeys } from "../../../engine/operators/patch-nce/index.js";
import { checkTuning, keyOf, parseTuning, type TuningTable } from "../../../engine/tuning/table.js";
import { runnableVariants } from "../../../engine/tuning/variants.js";
import { assertClose, download, messageOf, testGpu, uniform, upload } from "../../support/gpu.js";

const test = suite("tuning");

const KEY = "conv2d 1x3x8x8 5x3x3x3 - padding=1 paddingMode=zeros stride=1";

const tableFor = (gpu: Gpu, choices: Record<string, string>): TuningTable => ({
  version: 1,
  adapter: adapterName(gpu),
  profile: gpu.profile,
  choices,
});

/** Names of the kernels that a convolution of KEY's shapes runs, and its result, under a table's choices. */
async function convolve(gpu: Gpu, choices: Record<string, string>) {
  const random = new Random(1);
  const [x, w] = [upload(gpu, uniform(random, [1, 3, 8, 8])), upload(gpu, uniform(random, [5, 3, 3, 3]))];
  gpu.variants.use(tableFor(gpu, choices));
  try {
    const { program, result } = await record(gpu, () => conv2d(x, w, undefined, { padding: 1 }));
    program.replay();
    const [kernels, y] = [program.kernels().map((label) => label.replace(/\(.*/, "")), await download(result)];
    program.dispose();
    return { kernels, y };
  } finally {
    gpu.variants.use(null);
    for (const tensor of [x, w]) tensor.dispose();
  }
}

test("a key is the operator, the shapes and the sorted options, and stays what it is", () => {
  const shapes = [[1, 3, 8, 8], [5, 3, 3, 3], undefined];
  assert.is(keyOf("conv2d", shapes, { stride: 1, padding: 1, paddingMode: "zeros" }), KEY);
  assert.is(keyOf("conv2d", shapes, { paddingMode: "zeros", padding: 1, stride: 1 }), KEY, "whatever the order");
  assert.is(keyOf("linear", [[2, 3], []], {}), "linear 2x3 scalar");
  const options = { stride: 2, padding: 1, outputSize: [7, 8] };
  assert.is(keyOf("convTranspose2d", [[1]], options), "convTranspose2d 1 outputSize=7,8 padding=1 stride=2");
});

test("an operator reports its choices under the keys of a table", async () => {
  const gpu = await testGpu("software");
  const keys: string[] = [];
  const unobserve = gpu.observers.add({ onChoice: ({ key }) => void keys.push(key) });
  try {
    await convolve(gpu, {});
  } finally {
    unobserve();
  }
  assert.equal(keys, [KEY]);
});

test("a tuned choice runs the other kernel, with the same result within rounding", async () => {
  const gpu = await testGpu("gpu");
  const ruled = await convolve(gpu, {});
  assert.equal(ruled.kernels, ["conv2d_tiled"]);
  for (const variant of runnableVariants(["broadcast", "winograd"], gpu)) {
    const tuned = await convolve(gpu, { [KEY]: variant });
    assert.not.equal(tuned.kernels, ruled.kernels);
    assert.ok(
      tuned.kernels.some((name) => name.includes(variant)),
      `${variant} runs ${tuned.kernels}`,
    );
    assertClose(tuned.y, ruled.y, 1e-5, variant);
  }
});

test("a forced kernel goes before a tuned one", async () => {
  const gpu = await testGpu("gpu");
  await gpu.variants.force({ conv2d: "tiled" }, async () => {
    assert.equal((await convolve(gpu, { [KEY]: "winograd" })).kernels, ["conv2d_tiled"]);
  });
});

test("entries for other shapes, and for kernels that are not there, are passed over", async () => {
  const gpu = await testGpu("gpu");
  const other = KEY.replace("1x3x8x8", "1x3x9x9");
  assert.equal((await convolve(gpu, { [KEY]: "of another time", [other]: "winograd" })).kernels, ["conv2d_tiled"]);
  assert.equal(runnableVariants(["tiled", "broadcast"], { profile: "gpu", subgroupSize: 0 }), ["tiled"]);
});

test("the fused patch path meets each product and similarity as one of its own", async () => {
  const gpu = await testGpu("software");
  const keys = new Set<string>();
  const unobserve = gpu.observers.add({ onChoice: ({ key }) => void keys.add(key) });
  const x = gpu.tensor(new Float32Array(32).fill(0.5), [1, 2, 4, 4]);
  const ids = gpu.tensor(Int32Array.of(0, 5, 9));
  const weights = (out: number, inner: number) => gpu.tensor(new Float32Array(out * inner).fill(0.1), [out, inner]);
  const [w1, w2, bias] = [weights(8, 2), weights(8, 8), gpu.tensor(new Float32Array(8))];
  const head = { w1, b1: bias, w2, b2: bias };
  try {
    gpu.scope(() => void fusedPatchNce(x, ids, head, patchKeys(x, ids, head), { groups: 1, tau: 0.07 }));
  } finally {
    unobserve();
    for (const tensor of [x, ids, w1, w2, bias]) tensor.dispose();
  }
  assert.equal([...keys].sort(), ["linear 3x2 8x2 8", "linear 3x8 8x8 8", "patchNce 3x8 3x8 groups=1 tau=0.07"]);
});

test("what is no table is refused with a message that says why", () => {
  const good = { version: 1, adapter: "A", profile: "gpu", choices: { [KEY]: "winograd" } };
  assert.equal(parseTuning(JSON.stringify(good)), good);
  const refused = (value: unknown, said: RegExp) =>
    assert.match(
      messageOf(() => checkTuning(value, "t.json")),
      said,
    );
  assert.match(
    messageOf(() => parseTuning("{", "t.json")),
    /^FormatError: t\.json is not JSON Make a new one/,
  );
  refused([], /t\.json is not a tuning table/);
  refused({ ...good, version: 2 }, /t\.json has version 2 and not 1/);
  refused({ ...good, adapter: undefined }, /does not name its adapter/);
  refused({ ...good, profile: "fast" }, /has no profile "gpu" or "software"/);
  refused({ ...good, choices: null }, /has no choices/);
  refused({ ...good, choices: { [KEY]: 3 } }, /gives no name of a kernel for "conv2d/);
});

test.run();
