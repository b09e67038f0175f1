// Loops written out for drivers that leave them alone: which are, and which stay. That the texts of all kernels are
// still valid is in test/shaders/validation.test.ts, their values on SwiftShader in node.test.ts.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { unrolled } from "../../../engine/device/unroll.js";

test("a loop over constants becomes its passes, with the counter a constant of each", () => {
  assert.is(
    unrolled("for (var i = 1u; i < 3; i++) { sum += x[i]; }"),
    "{const i=1u; sum += x[i]; }{const i=2u; sum += x[i]; }",
  );
  assert.is(unrolled("for (var i = 0; i < 4; i += 3) { f(i); } g();"), "{const i=0i; f(i); }{const i=3i; f(i); } g();");
  assert.is(unrolled("for (var i = 2u; i < 2; i++) { f(i); }"), "", "no pass");
});

test("bounds may be expressions of constants and of the counters around", () => {
  const constants = "const TAPS: u32 = 3;\nconst STRIDE: u32 = 2;\nconst WINDOW: u32 = 7 * STRIDE + TAPS;\n";
  const passes = (code: string) => unrolled(constants + code).split("const i=").length - 1;
  assert.is(passes("for (var i = 0u; i < WINDOW; i++) { }"), 17);
  assert.is(passes("for (var i = 0u; i < min(WINDOW, 4 * (TAPS - 1)) / STRIDE; i++) { }"), 4);
  assert.is(passes("for (var i = 0u; i < max(9 % TAPS, 5u); i++) { }"), 5);
  assert.is(passes("for (var j = 0u; j < TAPS; j++) { for (var i = j; i < TAPS; i++) { } }"), 6);
});

test("compact texts, as the package has them, are written out as well", () => {
  assert.is(
    unrolled("const A: u32 = 2;\nfor(var i=0u;i<A;i++){f(i);}"),
    "const A: u32 = 2;\n{const i=0u;f(i);}{const i=1u;f(i);}",
  );
});

test("loops with other bounds, with many passes, or that are left early stay, and those within them do not", () => {
  for (const loop of [
    "for (var i = 0u; i < params.k; i++) { f(i); }",
    "for (var i = first; i < 4; i++) { f(i); }",
    "for (var i = 0u; i < 33; i++) { f(i); }",
    "for (var i = 0u; i < 4; i++) { if (x[i] > 0) { break; } }",
    "for (var i = 0u; i < 4 + (2; i++) { f(i); }",
    "for (var half = 32u; half > 0; half /= 2) { f(half); }",
  ]) {
    assert.is(unrolled(loop), loop);
  }
  assert.is(
    unrolled("for (var k = 0u; k < n; k++) { for (var i = 0u; i < 1; i++) { f(k, i); } }"),
    "for (var k = 0u; k < n; k++) { {const i=0u; f(k, i); } }",
  );
});

test.run();
