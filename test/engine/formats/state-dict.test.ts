// toFloat32: every stored dtype as the float32 that the engine computes with.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type StoredTensor, toFloat32 } from "../../../engine/formats/state-dict.js";

const test = suite("state dict");
const vector = (dtype: StoredTensor["dtype"], data: StoredTensor["data"]) =>
  toFloat32({ dtype, shape: [data.length], data });

test("float16: zeros, subnormals, normals, infinities and NaN", () => {
  const bits = Uint16Array.of(
    0x0000,
    0x8000,
    0x0001,
    0x03ff,
    0x0400,
    0x3c00,
    0xc000,
    0x3555,
    0x7bff,
    0x7c00,
    0xfc00,
    0x7e00,
  );
  const expected = [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, -2, 0.333251953125, 65504, Infinity, -Infinity, NaN];
  assert.ok(expected.every((value, i) => Object.is(vector("F16", bits)[i], value)));
});

test("bfloat16 is the upper half of a float32", () => {
  const bits = Uint16Array.of(0x3f80, 0xc049, 0x7f80, 0x0001);
  assert.equal([...vector("BF16", bits)], [1, -3.140625, Infinity, 2 ** -133]);
});

test("float64 is rounded, integers and booleans become numbers", () => {
  assert.equal([...vector("F64", Float64Array.of(0.1, 1e300))], [Math.fround(0.1), Infinity]);
  assert.equal([...vector("I64", BigInt64Array.of(-3n, 2n ** 40n))], [-3, 2 ** 40]);
  assert.equal([...vector("I8", Int8Array.of(-128))], [-128]);
  assert.equal([...vector("U16", Uint16Array.of(65535))], [65535]);
  assert.equal([...vector("BOOL", Uint8Array.of(0, 1))], [0, 1]);
});

test("float32 is given as it is, without a copy", () => {
  const data = Float32Array.of(1, 2);
  assert.is(vector("F32", data), data);
});

test.run();
