// Dispatches that a recording fuses: the same bits as without fusion, and only where no other dispatch depends on them.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { grad } from "../../../engine/autograd.js";
import type { Dispatch, Fusion } from "../../../engine/core/recorder.js";
import type { Shape, Tensor } from "../../../engine/core/tensor.js";
import { Storage } from "../../../engine/device/storage.js";
import * as engine from "../../../engine/index.js";
import { record } from "../../../engine/index.js";
import { Random } from "../../../engine/lib/random.js";
import { fuse } from "../../../engine/program/fusion.js";
import { binary, unary } from "../../../shaders/generated.js";
import { profiles, testGpu, uniform, upload } from "../../support/gpu.js";

const cases: [shape: Shape, padding: number, merged: string[]][] = [
  // The gradient that is kept in dx, that of a residual, which is read again, and that which is added to one.
  [
    [2, 3, 6, 8],
    1,
    ["ACCUMULATE=false,WRITE_DY=false", "ACCUMULATE=false,WRITE_DY=true", "ACCUMULATE=true,WRITE_DY=true"],
  ],
  [
    [1, 2, 5, 16],
    3,
    ["ACCUMULATE=false,WRITE_DY=false", "ACCUMULATE=false,WRITE_DY=true", "ACCUMULATE=true,WRITE_DY=true"],
  ],
  [[1, 2, 4, 6], 1, []],
];

for (const profile of profiles) {
  for (const [shape, padding, merged] of cases) {
    test(`norms of [${shape}] before reflected borders of ${padding} on ${profile}`, async () => {
      const gpu = await testGpu(profile);
      const random = new Random(3);
      const x = upload(gpu, uniform(random, shape)).requireGrad();
      const w = upload(gpu, uniform(random, shape));
      const [, , height, width] = shape;
      const shifted = (x: Tensor) => {
        const padded = engine.reflectionPad2d(x, padding);
        const corner = engine.slice(engine.slice(padded, 0, height, 2), 2 * padding, width + 2 * padding, 3);
        return engine.mul(engine.add(corner, engine.slice(engine.slice(padded, 1, height + 1, 2), 0, width, 3)), w);
      };
      const work = () => {
        const a = engine.instanceNorm(x, { activation: "relu" });
        const b = engine.instanceNorm(shifted(a), { residual: a });
        const c = engine.instanceNorm(shifted(b), { activation: "leakyRelu" });
        return grad(engine.sum(engine.square(shifted(c))), [x]);
      };
      const read = (gradients: readonly Tensor[]) =>
        Promise.all(gradients.map(async (each) => [...new Uint32Array((await each.read()).buffer)]));
      const eager = gpu.scope(work);
      const { program, result } = await record(gpu, work);
      program.replay();
      assert.equal(await read(result), await read(eager));
      const found = program.kernels().filter((label) => label.startsWith("instance_norm_gradient_unpad"));
      assert.equal(
        found.map((label) => label.match(/ACCUMULATE=\w+,WRITE_DY=\w+/)?.[0]),
        merged,
      );
      program.dispose();
      for (const tensor of [x, w, ...eager]) tensor.dispose();
    });
  }
}

for (const profile of profiles) {
  for (const shape of [
    [2, 2, 6, 16],
    [1, 3, 5, 7],
  ]) {
    test(`norms and activations of [${shape}] before blurs on ${profile}`, async () => {
      const gpu = await testGpu(profile);
      const x = upload(gpu, uniform(new Random(4), shape, 1, 4)).requireGrad();
      const work = () => {
        const active = engine.blurDown(engine.leakyRelu(engine.scale(x, 1, -2), 0.3));
        const halved = engine.blurDown(engine.instanceNorm(x, { activation: "relu" }));
        const doubled = engine.blurUp(engine.instanceNorm(x));
        // Returned, or read again, so it must be made; and reshaped to other planes.
        const returned = engine.instanceNorm(x, { activation: "leakyRelu" });
        const [plain, again] = [engine.blurDown(returned), engine.instanceNorm(x, { eps: 1 })];
        const planes = [1, shape[0], shape[1] * shape[2], shape[3]];
        const reshaped = engine.blurUp(engine.reshape(engine.instanceNorm(x, { eps: 2 }), planes));
        const all = [active, halved, doubled, plain, again, engine.blurUp(again), reshaped];
        const loss = all.map((y) => engine.mean(engine.square(y))).reduce((a, b) => engine.add(a, b));
        return [...all, returned, ...grad(loss, [x])];
      };
      const eager = gpu.scope(work);
      const { program, result } = await record(gpu, work, undefined, { rematerialize: "nothing" });
      program.replay();
      for (const [i, each] of result.entries()) assert.equal([...(await each.read())], [...(await eager[i].read())]);
      const found = program.kernels().map((label) => label.match(/^blur.*NORMALISED=(\w+),LEAKY=(\w+)/)?.slice(1));
      assert.equal(found.filter(Boolean), [
        ["false", "true"],
        ["true", "true"],
        ["true", "false"],
      ]);
      program.dispose();
      for (const tensor of [x, ...eager]) tensor.dispose();
    });
  }
}

for (const profile of profiles) {
  for (const sides of [
    [3, 5, 7],
    [8, 12, 16],
  ]) {
    test(`gradients of activations after products and blurs of ${sides} on ${profile}`, async () => {
      const gpu = await testGpu(profile);
      const [rows, columns, hidden] = sides;
      const random = new Random(5);
      const shapes = [
        [rows, columns],
        [hidden, columns],
        [rows, hidden],
        [1, ...sides],
      ];
      const [x, w1, w2, image] = shapes.map((shape) => upload(gpu, uniform(random, shape)).requireGrad());
      const work = () => {
        const product = engine.matmul(engine.relu(engine.linear(x, w1)), w2, { transposeB: true });
        const [blurred, other] = [0.3, 0.2].map((slope) => engine.blurDown(engine.leakyRelu(image, slope)));
        const loss = [product, blurred, other].map((y) => engine.sum(engine.square(y)));
        return grad(
          loss.reduce((a, b) => engine.add(a, b)),
          [x, w1, w2, image],
        );
      };
      const eager = gpu.scope(work);
      const { program, result } = await record(gpu, work);
      program.replay();
      for (const [i, each] of result.entries()) assert.equal([...(await each.read())], [...(await eager[i].read())]);
      const gradients = program.kernels().filter((label) => label.includes(`OP=${binary.ops.RELU_GRADIENT}`));
      assert.equal(gradients, [], "none by itself");
      program.dispose();
      for (const tensor of [x, w1, w2, image, ...eager]) tensor.dispose();
    });
  }
}

const storage = () => new Storage(16, "", true);
const step = (read: Storage, written: Storage, fusion?: Fusion): Dispatch => ({
  source: unary,
  constants: {},
  storages: [read, written],
  params: {},
  grid: [1, 1, 1],
  fusion,
});

test("a dispatch replaces two, unless one between them depends on either", () => {
  const [a, b, c, d] = [storage(), storage(), storage(), storage()];
  const asked: boolean[] = [];
  const one = step(a, c);
  const merge = (_earlier: Dispatch, _later: Dispatch, stored: boolean) => {
    asked.push(stored);
    return [one];
  };
  const [first, second] = [step(a, b), step(b, c, { input: "x", merge })];
  const [reads, writes, elsewhere] = [step(b, d), step(d, a), step(d, storage())];
  assert.equal(fuse([first, elsewhere, second], new Set([c])), [elsewhere, one]);
  assert.equal(fuse([first, second, reads], new Set()), [one, reads]);
  assert.equal(fuse([first, second], new Set([b])), [one]);
  assert.equal(asked, [false, true, true]);
  for (const between of [reads, writes]) {
    assert.equal(fuse([first, between, second], new Set()), [first, between, second]);
  }
  // What was made outside of the recording, or read as a part of something else, is left alone.
  assert.equal(fuse([second], new Set()), [second]);
  const [part] = [storage(), storage()];
  Storage.flatten([part, storage()]);
  const whole = { ...step(a, part.root), source: unary };
  const later = step(part, c, { input: "x", merge });
  assert.equal(fuse([whole, later], new Set()), [whole, later]);
  const none = step(b, c, { input: "x", merge: () => null });
  assert.equal(fuse([first, none], new Set()), [first, none]);
});

test.run();
