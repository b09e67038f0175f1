// Generators and comparison for the tests of the file formats.
import fc from "fast-check";
import * as assert from "uvu/assert";
import {
  bytesOfTensor,
  elementCount,
  elementSize,
  type StateDict,
  type StoredDtype,
  type StoredTensor,
  tensorFromBytes,
} from "../../../engine/formats/state-dict.js";

const TORCH_DTYPES: StoredDtype[] = ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"];

/** State dicts of up to 6 small tensors of any bits; `unsigned` adds the dtypes that only safetensors knows. */
export function arbitraryStateDict(options: { unsigned: boolean; metadata: boolean }): fc.Arbitrary<StateDict> {
  const dtypes: StoredDtype[] = options.unsigned ? [...TORCH_DTYPES, "U16", "U32", "U64"] : TORCH_DTYPES;
  const tensor: fc.Arbitrary<StoredTensor> = fc
    .tuple(fc.constantFrom(...dtypes), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }))
    .chain(([dtype, shape]) => {
      const length = elementCount(shape) * elementSize(dtype);
      return fc
        .uint8Array({ minLength: length, maxLength: length })
        .map((bytes) => tensorFromBytes(dtype, shape, bytes));
    });
  const name = fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => text !== "__metadata__");
  const text = fc.string({ unit: "grapheme", maxLength: 12 });
  return fc.record({
    tensors: fc
      .uniqueArray(fc.tuple(name, tensor), { maxLength: 6, selector: ([key]) => key })
      .map((all) => new Map(all)),
    metadata: options.metadata ? fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true }) : fc.constant({}),
  });
}

/** Copies of a file with a few bytes changed or its end cut off. */
export function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.integer({ min: 0, max: bytes.length - 1 });
  const changes = fc.array(fc.tuple(at, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
  const changed = changes.map((all) => {
    const copy = bytes.slice();
    for (const [position, value] of all) copy[position] = value;
    return copy;
  });
  return fc.oneof({ weight: 3, arbitrary: changed }, { weight: 1, arbitrary: at.map((end) => bytes.slice(0, end)) });
}

/** Equal names in equal order, dtypes, shapes, bits and metadata. */
export function assertSameStateDict(actual: StateDict, expected: StateDict): void {
  assert.equal([...actual.tensors.keys()], [...expected.tensors.keys()]);
  for (const [name, tensor] of expected.tensors) {
    const other = actual.tensors.get(name)!;
    assert.is(other.dtype, tensor.dtype);
    assert.equal(other.shape, tensor.shape);
    assert.equal([...bytesOfTensor(name, other)], [...bytesOfTensor(name, tensor)]);
  }
  assert.equal(Object.entries(actual.metadata), Object.entries(expected.metadata));
}

export const f32 = (shape: number[], data: number[]): StoredTensor => ({
  dtype: "F32",
  shape,
  data: Float32Array.from(data),
});

/** A state dict with dtypes, sizes and names of every kind. */
export const example: StateDict = {
  tensors: new Map<string, StoredTensor>([
    ["model.1.weight", f32([2, 1, 3], [1, 2, 3, 4, 5, 6])],
    ["model.1.bias", f32([2], [-1, 0.5])],
    ["wide", { dtype: "BF16", shape: [300, 300], data: new Uint16Array(90000).fill(0x3f80) }],
    ["num_batches_tracked", { dtype: "I64", shape: [], data: BigInt64Array.of(70000n) }],
    ["Größe", { dtype: "BOOL", shape: [0], data: new Uint8Array(0) }],
  ]),
  metadata: {},
};
