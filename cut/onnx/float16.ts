// Numbers as IEEE 754 half precision, which neither Node 20 nor every browser has an array for.
import { CutgpuError } from "../../engine/core/errors.js";
import { roundHalfEven } from "../data/rounding.js";

/** From here on a number rounds to infinity. */
const OVERFLOW = 65520;
/** The smallest number with all 11 bits; smaller ones are multiples of 2^-24. */
const SMALLEST_NORMAL = 2 ** -14;

/** The bits of the nearest halves, ties to even. Throws where one has none: too large, or not a number. */
export function float16Bits(values: Float32Array): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(values, (value) => {
    const size = Math.abs(value);
    if (!(size < OVERFLOW))
      throw new CutgpuError("FLOAT16", `a weight of ${value} does not fit into float16`, "Leave out --f16.");
    const sign = value < 0 ? 0x8000 : 0;
    if (size < SMALLEST_NORMAL) return sign + roundHalfEven(size * 2 ** 24);
    const exponent = Math.floor(Math.log2(size));
    // What rounds up to 1024 carries into the exponent, as it should.
    return sign + ((exponent + 15) << 10) + roundHalfEven((size / 2 ** exponent - 1) * 1024);
  });
}
