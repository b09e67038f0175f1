// Conversion to and from IEEE 754 half precision (1 sign bit, 5 exponent bits of bias 15, 10 fraction bits), since Node
// 20 and some browsers have no Float16Array.

/** As f32 bits: 2^-14, the smallest normal half, and 65520, from which numbers round to infinity. */
const [NORMAL, INFINITE] = [0x38800000, 0x477ff000];

/** The bits of the nearest halves, ties to even. Numbers from 65520 on become infinite. */
export function float16Bits(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) {
    const magnitude = bits[i] & 0x7fffffff;
    // A fast path, since most numbers are normal and pictures are converted in every step.
    const normal = magnitude >= NORMAL && magnitude < INFINITE;
    const rounded = (magnitude - (112 << 23) + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
    halves[i] = normal ? ((bits[i] >>> 16) & 0x8000) | rounded : halfOf(bits[i]);
  }
  return halves;
}

/** The half nearest to an f32, both as bits. */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  const exponent = magnitude >>> 23;
  // Below the smallest normal half, 2^-14, halves are multiples of 2^-24.
  const small = exponent < 113;
  const dropped = 2 ** (small ? Math.min(126 - exponent, 25) : 13);
  const mantissa = small ? (magnitude & 0x7fffff) | 0x800000 : magnitude - (112 << 23);
  const kept = Math.floor(mantissa / dropped);
  const rest = mantissa - kept * dropped;
  // Rounding up may carry into the exponent, which is correct.
  const up = 2 * rest > dropped || (2 * rest === dropped && kept % 2 === 1);
  return sign | Math.min(kept + Number(up), 0x7c00);
}

/** The value of a half's bits. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
