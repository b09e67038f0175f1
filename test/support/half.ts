// Tests on f16 run where the adapter has 16-bit floats and are skipped elsewhere, as on SwiftShader, which a machine
// without a driver falls back on.
import type { Test } from "uvu";
import { requestAdapter } from "../../engine/open/node.js";

const halves = (await requestAdapter())?.features.has("shader-f16") ?? false;

/** A suite's `test`, or its `test.skip` where the adapter has no f16. */
export const onHalves = <T>(test: Test<T>): Test<T>["skip"] => (halves ? test : test.skip);
