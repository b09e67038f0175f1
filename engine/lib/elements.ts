// Converts numbers as callers have them (one number, typed arrays of any kind, nested arrays) to the elements of a
// tensor: a flat array of float32 or int32. Anything else is refused, never reinterpreted.
import { type Check, checkValue, number, oneOf } from "./check-options.js";
import { ShapeError } from "./errors.js";
import { SHAPE, type Shape, sizeOf } from "./shapes.js";

export type Dtype = "f32" | "i32" | "f16";

/** Bytes of an element. */
export const elementBytes = (dtype: Dtype): number => (dtype === "f16" ? 2 : 4);

/** The typed array in which a tensor's elements are read and written, by dtype. */
export interface Elements {
  f32: Float32Array<ArrayBuffer>;
  f16: Float32Array<ArrayBuffer>;
  i32: Int32Array<ArrayBuffer>;
}

/** One number, a typed array of any kind except BigInt arrays, or nested arrays of these with rows of equal length. */
export type Numbers =
  | number
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | readonly Numbers[];

export const int32: Check = [
  (value) => Number.isInteger(value) && value === ((value as number) | 0),
  "a whole number of 32 bits",
];

/** "Float32Array" and so on, also for arrays of another window; "" for anything but a view of memory. */
const kindOf = (data: unknown): string => (ArrayBuffer.isView(data) ? (data as Float32Array)[Symbol.toStringTag] : "");

const array: Check = [(value) => Array.isArray(value) || /^[FIU]/.test(kindOf(value)), "an array of numbers"];

/** The dtype of a tensor made from `data`. */
export const dtypeOf = (data: Numbers): Dtype => (kindOf(data) === "Int32Array" ? "i32" : "f32");

/** The shape of `data`, [] for a number. Of an array, only the first item is looked at. */
export const shapeOf = (data: Numbers): number[] =>
  typeof data === "object" ? [data?.length, ...(data?.length ? shapeOf(data[0]) : [])] : [];

/**
 * `data` as the elements of a tensor of a shape. Throws an ArgumentError unless it consists of numbers in rows of equal
 * length, and a ShapeError unless they are as many as the shape has.
 */
export function elementsOf<D extends Dtype>(name: string, data: Numbers, dtype: D, shape: Shape): Elements[D] {
  const elements = flat(data, dtype);
  checkValue(`${name}: the shape`, shape, SHAPE);
  const size = sizeOf(shape);
  if (elements.length !== size) {
    throw new ShapeError(
      `${name}: ${elements.length} numbers for a tensor of shape [${shape}] (${size})`,
      `Give ${size} numbers.`,
    );
  }
  return elements;
}

function flat<D extends Dtype>(data: Numbers, dtype: D): Elements[D] {
  const type = dtype === "i32" ? Int32Array : Float32Array;
  if (kindOf(data) === type.name) return data as Elements[D];
  const shape = shapeOf(data);
  const elements: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> = new type(sizeOf(shape) || 0);
  const check = dtype === "i32" ? int32 : number;
  let at = 0;
  const take = (value: Numbers, axis: number) => {
    checkValue("tensor: an element", value, axis < shape.length ? array : check);
    if (axis === shape.length) elements[at++] = value as number;
    else {
      const row = value as readonly Numbers[];
      if (row.length !== shape[axis]) checkValue("tensor: the length of a row", row.length, oneOf(shape[axis]));
      if (kindOf(row) && dtype !== "i32") {
        (elements as Float32Array).set(row as readonly number[], at);
        at += row.length;
      } else for (const item of row) take(item, axis + 1);
    }
  };
  take(data, 0);
  return elements as Elements[D];
}
