// Random inputs for benchmarks: the same in every run, and cheap to make even if large. Never zeros: processors may be
// faster with those.
import type { Gpu } from "../../engine/core/gpu.js";
import { type Dtype, type Shape, sizeOf, type Tensor } from "../../engine/core/tensor.js";
import { Random } from "../../engine/lib/random.js";
import { type Dense, fromFloat32 } from "../../engine/reference.js";

const POOL = 1 << 16;
let pool: Float32Array | undefined;

/** Uniform values in [-1, 1); beyond 65536 of them they repeat. */
export function randomValues(size: number): Float32Array<ArrayBuffer> {
  if (!pool) {
    const random = new Random(7);
    pool = Float32Array.from({ length: POOL }, () => 2 * random.next() - 1);
  }
  const values = new Float32Array(size);
  for (let at = 0; at < size; at += POOL) values.set(pool.subarray(0, Math.min(POOL, size - at)), at);
  return values;
}

/** A tensor of values in [low, high). It outlives recordings; the caller disposes of it. */
export function randomTensor(gpu: Gpu, shape: Shape, low = -1, high = 1, dtype: Dtype = "f32"): Tensor {
  const tensor = gpu.persistent(shape, dtype);
  const values = randomValues(sizeOf(shape));
  if (low !== -1 || high !== 1)
    for (let i = 0; i < values.length; i++) values[i] = low + ((values[i] + 1) / 2) * (high - low);
  tensor.write(values);
  return tensor;
}

/** The kind of a benchmark's input: values in [-1, 1), or within bounds; positions without repeats; rows of norm 1. */
export type Input =
  | Shape
  | { shape: Shape; low: number; high: number }
  | { positions: number; below: number }
  | { unitRows: Shape };

/** A tensor for an input; the caller disposes of it. */
export function makeInput(gpu: Gpu, input: Input, dtype: Dtype = "f32"): Tensor {
  if ("positions" in input) {
    const tensor = gpu.persistent([input.positions], "i32");
    tensor.write(new Random(11).permutation(input.below, input.positions));
    return tensor;
  }
  if ("unitRows" in input) {
    const [rows, channels] = input.unitRows;
    const values = randomValues(rows * channels);
    for (let row = 0; row < rows; row++) {
      const part = values.subarray(row * channels, (row + 1) * channels);
      const norm = Math.sqrt(part.reduce((sum, value) => sum + value * value, 0));
      for (let i = 0; i < channels; i++) part[i] /= norm;
    }
    const tensor = gpu.persistent(input.unitRows, dtype);
    tensor.write(values);
    return tensor;
  }
  const { shape, low = -1, high = 1 } = "shape" in input ? input : { shape: input };
  return randomTensor(gpu, shape, low, high, dtype);
}

/** The same kind of values for the float64 reference. */
export const randomDense = (shape: Shape): Dense => fromFloat32(shape, randomValues(sizeOf(shape)));
