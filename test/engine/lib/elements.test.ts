// Numbers in: every kind of array becomes the elements that were meant, or is refused in a sentence.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Numbers } from "../../../engine/lib/elements.js";
import { messageOf, testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");

const typedArrays = [
  Float32Array,
  Float64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint8ClampedArray,
  Uint16Array,
  Uint32Array,
];

for (const type of typedArrays) {
  test(`a ${type.name} is converted, by tensor() and by write()`, async () => {
    const made = gpu.tensor(type.of(1, 2, 3, 100));
    assert.is(made.dtype, type === Int32Array ? "i32" : "f32");
    const floats = gpu.tensor([0, 0, 0, 0]);
    floats.write(type.of(1, 2, 3, 100));
    const integers = gpu.tensor(new Int32Array(4));
    integers.write(type.of(1, 2, 3, 100));
    for (const tensor of [made, floats, integers]) assert.equal([...(await tensor.read())], [1, 2, 3, 100]);
  });
}

test("arrays in arrays give the shape, a number none; a shape that is given lays the same numbers out", async () => {
  const cases: [data: Numbers, shape: number[]][] = [
    [3, []],
    [[3], [1]],
    [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [3, 2],
    ],
    [
      [Uint8Array.of(1, 2), [3, 4]],
      [2, 2],
    ],
    [
      [[], []],
      [2, 0],
    ],
    [[], [0]],
  ];
  for (const [data, shape] of cases) {
    const tensor = gpu.tensor(data);
    assert.equal([...tensor.shape], shape);
    assert.equal(
      [...(await tensor.read())],
      [data].flat(2).flatMap((row) => (typeof row === "number" ? row : [...row])),
    );
  }
  const nested = [
    [1, 2],
    [3, 4],
  ];
  assert.equal([...gpu.tensor(nested, [4]).shape], [4]);
  const x = gpu.tensor([0, 0, 0, 0]);
  x.write(nested);
  assert.equal([...(await x.read())], [1, 2, 3, 4]);
});

const refused: [title: string, data: unknown, says: RegExp][] = [
  ["BigInts", BigInt64Array.of(1n, 2n), /an element cannot be \[object BigInt64Array\] It must be an array of numbers/],
  ["strings", "12", /an element cannot be "12"/],
  ["strings in arrays", ["1", "2"], /an element cannot be "1"/],
  ["booleans", [true, false], /an element cannot be true/],
  ["gaps", [1, undefined], /an element cannot be undefined/],
  ["nothing", undefined, /an element cannot be undefined/],
  ["null", null, /an element cannot be null/],
  ["objects", { 0: 1, length: 1 }, /an element cannot be \[object Object\]/],
  ["a tensor", gpu.tensor([1, 2]), /an element cannot be/],
  ["rows of several lengths", [[1, 2], [3]], /the length of a row cannot be 1 It must be one of 2/],
  ["rows among numbers", [1, [2]], /an element cannot be \[2\]/],
  ["numbers among rows", [[1], 2], /an element cannot be 2 It must be an array/],
];

for (const [title, data, says] of refused) {
  test(`${title} are refused, and no buffer stays behind`, () => {
    const before = gpu.memory().liveBuffers;
    const x = gpu.tensor([0, 0]);
    assert.match(
      messageOf(() => gpu.tensor(data as never)),
      says,
    );
    assert.match(
      messageOf(() => x.write(data as never)),
      /^ArgumentError: tensor: /,
    );
    x.dispose();
    assert.is(gpu.memory().liveBuffers, before);
  });
}

test("views of bytes and buffers are no numbers", () => {
  for (const data of [new ArrayBuffer(8), new DataView(new ArrayBuffer(8))]) {
    assert.match(
      messageOf(() => gpu.tensor(data as never)),
      /^ArgumentError: tensor: /,
    );
    assert.match(
      messageOf(() => gpu.tensor([0, 0]).write(data as never)),
      /^ArgumentError: tensor: /,
    );
  }
});

test("an i32 takes whole numbers of 32 bits and gives back every one of them", async () => {
  const x = gpu.tensor(Int32Array.of(0, 0));
  x.write([16777217, -2147483648]);
  const read = await x.read<"i32">();
  assert.instance(read, Int32Array);
  assert.equal([...read], [16777217, -2147483648]);
  assert.is(await gpu.tensor(Int32Array.of(16777217)).item(), 16777217);
  for (const value of [1.5, Number.NaN, 2 ** 31]) {
    assert.match(
      messageOf(() => x.write([0, value])),
      new RegExp(`tensor: an element cannot be ${value} It must be a whole number of 32 bits`),
    );
  }
});

test("an array of another window's is the same array", async () => {
  const { runInNewContext } = await import("node:vm");
  const x = gpu.tensor(runInNewContext("Int32Array.of(7, 8)") as Int32Array);
  assert.is(x.dtype, "i32");
  assert.equal([...(await x.read())], [7, 8]);
  assert.equal([...(await gpu.tensor(runInNewContext("[[1], [2]]") as number[][]).read())], [1, 2]);
});

test.run();
