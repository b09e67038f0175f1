// Half precision against the definition: every half comes back, and numbers between two go to the nearer one.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { float16Bits, float16ToNumber } from "../../../engine/lib/float16.js";

test("every half is the half next to itself", () => {
  const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter((b) => (b & 0x7fff) <= 0x7c00);
  assert.equal(float16Bits(Float32Array.from(bits, float16ToNumber)), bits);
  assert.is(float16Bits(Float32Array.of(Number.NaN))[0], 0x7e00);
  assert.ok(Number.isNaN(float16ToNumber(0x7e01)));
});

test("numbers between two halves go to the nearer, and from the middle to the even one", () => {
  const round = (x: number) => float16ToNumber(float16Bits(Float32Array.of(x))[0]);
  for (const bits of [0x0000, 0x0001, 0x03ff, 0x0400, 0x3bff, 0x3c00, 0x7bfe, 0x8001, 0xbc01]) {
    const [low, high] = [float16ToNumber(bits), float16ToNumber(bits + 1)];
    const middle = (low + high) / 2;
    assert.is(round(middle), bits % 2 === 0 ? low : high, `the middle of ${low} and ${high}`);
    assert.is(round(middle + (high - low) / 64), high);
    assert.is(round(middle - (high - low) / 64), low);
  }
  assert.is(round(65519), 65504);
  assert.is(round(65520), Number.POSITIVE_INFINITY);
  assert.is(round(-1e30), Number.NEGATIVE_INFINITY);
  assert.ok(Object.is(round(-1e-30), -0));
});

test.run();
