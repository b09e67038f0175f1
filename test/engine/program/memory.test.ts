// How tensors of a recorded program share memory: pieces of one buffer, parts of one another, and never one buffer that
// a dispatch reads and writes.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Storage } from "../../../engine/device/storage.js";
import { Arena, concat, mul, record, reshape, slice, square, type Tensor } from "../../../engine/index.js";
import { profiles, testGpu } from "../../support/gpu.js";

const KIB = 2 ** 10;

test("small tensors share the buffer of a large one that is gone", async () => {
  const gpu = await testGpu("software");
  const x = gpu.tensor(Float32Array.from({ length: 4 * KIB }, (_, i) => i % 7));
  const work = () => {
    const large = square(x);
    const quarters = [0, 1, 2, 3].map((i) => slice(large, i * KIB, (i + 1) * KIB));
    // All four are alive until the end, when the large one has long been read.
    const small = quarters.map((quarter) => square(quarter));
    return concat([mul(small[0], small[1]), mul(small[2], small[3])]);
  };
  const { program, result } = await record(gpu, work);
  // 16 KiB for the large one, 8 for the result, and 16 for the four: these are written while the large one is read.
  assert.is(program.bytes, 40 * KIB);
  program.replay();
  const values = await result.read();
  values.forEach((value, i) => {
    const at = i < KIB ? i : i + KIB;
    assert.is(value, ((at % 7) * ((at + KIB) % 7)) ** 4, `${i}`);
  });
  program.dispose();
});

for (const profile of profiles) {
  test(`slices and joins along the first axis move nothing where they fit (${profile})`, async () => {
    const gpu = await testGpu(profile);
    const x = gpu.tensor(
      Float32Array.from({ length: 256 }, (_, i) => i),
      [4, 64],
    );
    const parts = (size: number) => (y: Tensor) => [slice(y, 0, size), slice(y, size, 4)];
    for (const [cut, copies] of [
      [(y: Tensor) => parts(2)(y), 0],
      // A column is no part, and an odd piece of a row begins where no buffer can be bound.
      [(y: Tensor) => [slice(y, 0, 2, 1), slice(y, 2, 64, 1)], 2],
    ] as const) {
      const work = () => cut(square(x)).map((part) => mul(part, 2));
      const { program, result } = await record(gpu, work, new Arena(), { fusePointwise: false });
      assert.is(program.kernels().filter((name) => name.startsWith("strided_copy")).length, copies);
      program.replay();
      const values = (await Promise.all(result.map((part) => part.read()))).flatMap((part) => [...part]);
      assert.equal(
        values.sort((a, b) => a - b),
        Array.from({ length: 256 }, (_, i) => 2 * i * i),
      );
      program.dispose();
    }
    const { program, result } = await record(gpu, () => concat([square(x), mul(x, 3)]));
    assert.is(program.length, 2);
    program.replay();
    assert.equal([...(await result.read())].slice(254, 258), [254 ** 2, 255 ** 2, 0, 3]);
    program.dispose();
    // Their memory ends where a part may begin, their elements do not.
    const flat = reshape(x, [256]);
    const short = await record(gpu, () => concat([square(slice(flat, 0, 63)), mul(slice(flat, 1, 2), 3)]));
    short.program.replay();
    assert.equal([...(await short.result.read())].slice(61), [61 ** 2, 62 ** 2, 3]);
    short.program.dispose();
  });
}

test("a part of a part lies where both say", () => {
  const whole = new Storage(4096, "whole", true);
  const part = whole.part(1024, 2048).part(256, 512);
  assert.is(part.offset, 1280);
  const other = new Storage(100, "other", true);
  Storage.flatten([other, whole]);
  assert.is(part.offset, 256 + 1280);
  assert.is(part.root, whole.root);
});

test.run();
