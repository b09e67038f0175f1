// The content of a file of weights: named tensors of a stored dtype, in order, and string metadata. Both containers
// (safetensors, .pth) are read into and written from these types. Data are kept as stored, so that a round trip is
// exact; `toFloat32` converts them for the engine. Hosts must be little-endian, as all WebGPU hosts are.
import { ShapeError } from "../lib/errors.js";
import { float16ToNumber } from "../lib/float16.js";

/** The typed array for each dtype. F16 and BF16 have no array type of their own and are kept as bits. */
const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** Element types by their safetensors names. */
export type StoredDtype = keyof typeof ARRAYS;
export type StoredArray = InstanceType<(typeof ARRAYS)[StoredDtype]>;

/** A contiguous row-major tensor of a file; `data` is of the array type of its dtype (bits for F16 and BF16). */
export interface StoredTensor {
  dtype: StoredDtype;
  shape: number[];
  data: StoredArray;
}

/** Named tensors in file order, and the file's metadata (always empty for a .pth). */
export interface StateDict {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
}

/**
 * Whether a name is that of a stored dtype.
 *
 * @example
 * ```ts
 * console.log(isStoredDtype("BF16"), isStoredDtype("C64")); // true false
 * ```
 */
export function isStoredDtype(name: unknown): name is StoredDtype {
  return typeof name === "string" && Object.hasOwn(ARRAYS, name);
}

/**
 * Bytes of one element.
 *
 * @example
 * ```ts
 * console.log(elementSize("BF16"), elementSize("F64")); // 2 8
 * ```
 */
export function elementSize(dtype: StoredDtype): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/**
 * Number of elements of a shape; 1 for a scalar. For absurd shapes it is not a safe integer, which callers must check.
 *
 * @example
 * ```ts
 * console.log(elementCount([2, 3]), elementCount([])); // 6 1
 * ```
 */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Copies raw little-endian bytes, at any alignment, into a tensor. Their length must match dtype and shape.
 *
 * @example
 * ```ts
 * const { data } = tensorFromBytes("I16", [2], Uint8Array.of(1, 0, 2, 1));
 * console.log(data); // 1, 258
 * ```
 */
export function tensorFromBytes(dtype: StoredDtype, shape: number[], bytes: Uint8Array): StoredTensor {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return { dtype, shape, data: new ARRAYS[dtype](copy.buffer) };
}

/**
 * The raw little-endian bytes of a tensor, without copying. Throws a ShapeError if data, dtype and shape do not match.
 *
 * @example
 * ```ts
 * const tensor = { dtype: "I16" as const, shape: [2], data: Int16Array.of(1, 258) };
 * console.log(bytesOfTensor("bias", tensor)); // 1, 0, 2, 1
 * ```
 */
export function bytesOfTensor(name: string, { dtype, shape, data }: StoredTensor): Uint8Array {
  if (!(data instanceof ARRAYS[dtype])) {
    throw new ShapeError(
      `The tensor "${name}" is called ${dtype} but its data are a ${data.constructor.name}.`,
      `Give it a ${ARRAYS[dtype].name}.`,
    );
  }
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || elementCount(shape) !== data.length) {
    throw new ShapeError(`The tensor "${name}" has ${data.length} elements, which do not fill the shape [${shape}].`);
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * The elements as float32, rounded if the dtype is wider. For an F32 tensor it is its own array, not a copy.
 *
 * @example
 * ```ts
 * console.log(toFloat32({ dtype: "BF16", shape: [2], data: Uint16Array.of(0x3f80, 0xc000) })); // 1, -2
 * ```
 */
export function toFloat32({ dtype, data }: StoredTensor): Float32Array<ArrayBuffer> {
  if (data instanceof Float32Array) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float32Array.from(data, Number);
  if (dtype === "BF16") {
    const bits = Uint32Array.from(data, (half) => half << 16);
    return new Float32Array(bits.buffer);
  }
  if (dtype === "F16") return Float32Array.from(data, float16ToNumber);
  return Float32Array.from(data);
}
