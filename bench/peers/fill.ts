// Inputs for benchmarks that two processes can make alike without sending them: element i of a tensor depends on the
// seed and on i alone. Integers are hashed with murmur3's 32-bit finaliser, so the bits are the same on every
// platform. The suites' own inputs (bench/inputs/random-data.ts) repeat a pool of values instead, which is cheaper for
// the largest buffers but gives every tensor the same ones.

/** `count` values, uniform in [-scale, scale), for a seed of 32 bits. */
export function fill(seed: number, count: number, scale = 1): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  const start = Math.imul(seed + 1, 0x9e3779b9);
  for (let i = 0; i < count; i++) {
    let word = start + Math.imul(i, 0x85ebca77);
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    values[i] = (((word ^ (word >>> 16)) >>> 0) / 2 ** 31 - 1) * scale;
  }
  return values;
}
