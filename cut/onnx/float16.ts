// Weights as float16 numbers. Throws where one would become infinite.
import { CutgpuError } from "../../engine/lib/errors.js";
import { float16Bits } from "../../engine/lib/float16.js";

/** From here on a number rounds to infinity. */
const OVERFLOW = 65520;

/** The bits of the nearest halves, ties to even. Throws where a value has none: too large, or not a number. */
export function float16Weights(values: Float32Array): Uint16Array<ArrayBuffer> {
  const value = values.find((one) => !(Math.abs(one) < OVERFLOW));
  if (value !== undefined)
    throw new CutgpuError("FLOAT16", `a weight of ${value} does not fit into float16`, "Leave out --f16.");
  return float16Bits(values);
}
