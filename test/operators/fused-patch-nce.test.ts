// Fused PatchNCE against the same composed of operators, and its memory: one block of similarities is stored, so memory
// grows with the number of patches and not with its square.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { grad } from "../../engine/autograd.js";
import type { Gpu } from "../../engine/core/gpu.js";
import type { Tensor } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import { Random } from "../../engine/lib/random.js";
import { openGpu } from "../../engine/open/node.js";
import type { Dense } from "../../engine/reference.js";
import * as reference from "../../engine/reference.js";
import {
  assertClose,
  download,
  ownGpu,
  positions,
  profiles,
  testGpu,
  uniform,
  unitRows,
  upload,
} from "../support/gpu.js";

interface Given {
  /** Features [B, C, H, W], then the head: w1, b1, w2, b2. */
  inputs: Dense[];
  ids: Int32Array;
  keyFeatures: Dense;
  groups: number;
}

function given(shape: [number, number, number, number], patches: number, hidden: number, groups: number): Given {
  const random = new Random(9);
  const [, channels, height, width] = shape;
  const shapes = [shape, [hidden, channels], [hidden], [hidden, hidden], [hidden]];
  return {
    inputs: shapes.map((s) => uniform(random, s)),
    ids: positions(random, patches, height * width),
    keyFeatures: uniform(random, shape),
    groups,
  };
}

type Path = (x: Tensor, ids: Tensor, head: engine.Head, keyFeatures: Tensor, options: engine.PatchNceOptions) => Tensor;

const fused: Path = (x, ids, head, keyFeatures, options) =>
  engine.fusedPatchNce(x, ids, head, engine.patchKeys(keyFeatures, ids, head), options);

/** Keys taken along with the queries. */
const together: Path = (x, ids, head, keyFeatures, options) => engine.fusedPatchNce(x, ids, head, keyFeatures, options);

const composed: Path = (x, ids, { w1, b1, w2, b2 }, keyFeatures, options) => {
  const embed = (features: Tensor) => {
    const hidden = engine.relu(engine.linear(engine.gatherPositions(features, ids), w1, b1));
    return engine.l2Normalize(engine.linear(hidden, w2, b2));
  };
  return engine.patchNce(embed(x), embed(keyFeatures).detach(), options);
};

/** The mean loss and the gradients of features and head. */
async function run(gpu: Gpu, { inputs, ids, keyFeatures, groups }: Given, path: Path): Promise<Dense[]> {
  const tensors = gpu.scope(() => {
    const tracked = inputs.map((x) => upload(gpu, x).requireGrad());
    const [x, w1, b1, w2, b2] = tracked;
    const options = { groups, tau: 0.07 };
    const losses = path(x, gpu.tensor(ids), { w1, b1, w2, b2 }, upload(gpu, keyFeatures), options);
    const loss = engine.mean(losses);
    return [loss, ...grad(loss, tracked)];
  });
  const values = await Promise.all(tensors.map(download));
  for (const tensor of tensors) tensor.dispose();
  return values;
}

for (const profile of profiles) {
  test(`fused equals composed on ${profile}`, async () => {
    const gpu = await testGpu(profile);
    for (const of of [
      given([2, 5, 6, 7], 33, 24, 2),
      given([2, 5, 6, 7], 33, 24, 1),
      given([1, 16, 12, 12], 100, 64, 1),
    ]) {
      const expected = await run(gpu, of, composed);
      for (const path of [fused, together]) {
        (await run(gpu, of, path)).forEach((value, i) => {
          assertClose(value, expected[i], 1e-5, i === 0 ? "the loss" : `gradient ${i - 1}`);
        });
      }
    }
  });
}

test("keys without a head are the gathered rows at length 1", async () => {
  const gpu = await testGpu("software");
  const { inputs, ids } = given([2, 5, 6, 7], 8, 4, 1);
  const keys = gpu.scope(() => engine.patchKeys(upload(gpu, inputs[0]).requireGrad(), gpu.tensor(ids), null));
  assert.not(keys.tracked);
  assertClose(await download(keys), reference.l2Normalize(reference.gatherPositions(inputs[0], ids)), 1e-5, "the keys");
  keys.dispose();
});

/** Peak bytes of loss and gradients of `rows` patches of 8 channels in one group, on a device of its own. */
async function peakOf(rows: number): Promise<number> {
  const gpu = await ownGpu();
  await run(gpu, given([1, 4, 16, 16], rows, 8, 1), fused);
  const { peakBytes } = gpu.memory();
  gpu.dispose();
  return peakBytes;
}

test("memory grows with the patches, not with their square", async () => {
  const [small, large] = [await peakOf(750), await peakOf(3000)];
  assert.ok(large < 5 * small, `${small} bytes for 750 patches, ${large} for 3000`);
  // A matrix of all similarities would be 36 MB, a block of them and their gradient are 6.
  assert.ok(large < 8 * 2 ** 20, `${large} bytes for 3000 patches`);
});

// A software adapter would take most of a minute for 16,384 patches (every position of a map of 128 x 128), so there it
// is 4,096; similarities would take 1 GiB and 64 MiB.
const hardware = (await openGpu()).profile === "gpu";
const [rows, channels] = [hardware ? 16384 : 4096, 16];

test(`${rows} patches in one group`, async () => {
  const gpu = await testGpu(hardware ? "gpu" : "software");
  const random = new Random(12);
  const [q, k] = [unitRows(random, rows, channels), unitRows(random, rows, channels)];
  const options = { groups: 1, tau: 0.07 };
  const [losses, dq] = gpu.scope(() => {
    const queries = upload(gpu, q).requireGrad();
    const losses = engine.patchNce(queries, upload(gpu, k), options);
    return [losses, ...grad(losses, [queries], { dy: engine.scale(losses, 0, 1) })];
  });
  const [ours, gradients] = await Promise.all([losses, dq].map(download));
  // A few rows stand for all.
  for (const row of [0, 1, rows / 2 - 1, rows - 1]) {
    const logits = new Float64Array(rows + 1);
    const query = q.data.subarray(row * channels, (row + 1) * channels);
    for (let j = 0; j < rows; j++) {
      for (let c = 0; c < channels; c++) logits[j] += (query[c] * k.data[j * channels + c]) / options.tau;
    }
    const positive = logits[row];
    logits[rows] = positive;
    logits[row] = -10 / options.tau;
    const lse = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    assert.ok(Math.abs(ours.data[row] / (lse - positive) - 1) < 1e-5, `loss of row ${row}`);
    for (let c = 0; c < channels; c++) {
      let expected = -k.data[row * channels + c];
      for (let j = 0; j <= rows; j++) {
        expected += Math.exp(logits[j] - lse) * k.data[(j === rows ? row : j) * channels + c];
      }
      const error = Math.abs(gradients.data[row * channels + c] - expected / options.tau);
      assert.ok(error < 1e-4, `gradient of row ${row}, channel ${c}: off by ${error}`);
    }
  }
  for (const tensor of [losses, dq]) tensor.dispose();
});

test.run();
