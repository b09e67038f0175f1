// safetensors: exact round trips, the layout on disk, and a named reason for every malformed file.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseSafetensors, serializeSafetensors } from "../../../engine/formats/safetensors.js";
import type { StateDict } from "../../../engine/formats/state-dict.js";
import { FormatError, ShapeError } from "../../../engine/lib/errors.js";
import { arbitraryStateDict, assertSameStateDict, damaged } from "./arbitrary.js";

const test = suite("safetensors");
const goldens = new URL("../../../../test/goldens/data/", import.meta.url);

/** A file with this header text and data. */
function file(header: string, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => parseSafetensors(bytes, "weights.safetensors"),
    (error: unknown) =>
      error instanceof FormatError && error.message.startsWith("weights.safetensors ") && message.test(error.message),
  );
}

const example: StateDict = {
  tensors: new Map([
    ["z.weight", { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, Number.POSITIVE_INFINITY, 6) }],
    ["0", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 255) }],
    ["steps", { dtype: "I64", shape: [], data: BigInt64Array.of(-(2n ** 62n)) }],
    ["empty", { dtype: "F64", shape: [0, 4], data: new Float64Array(0) }],
  ]),
  metadata: { format: "pt", note: "Grüße" },
};

test("a round trip keeps names, order, dtypes, shapes, data and metadata", () => {
  assertSameStateDict(parseSafetensors(serializeSafetensors(example)), example);
});

test("any state dict survives a round trip", () => {
  fc.assert(
    fc.property(arbitraryStateDict({ unsigned: true, metadata: true }), (stateDict) =>
      assertSameStateDict(parseSafetensors(serializeSafetensors(stateDict)), stateDict),
    ),
    { numRuns: 100, seed: 1 },
  );
});

test("the header is padded with spaces to 8 bytes and lists tensors in insertion order", () => {
  const bytes = serializeSafetensors(example);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assert.is(length % 8, 0);
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  assert.match(text, /^\{"__metadata__":\{.*\} *$/);
  assert.ok(text.indexOf('"z.weight"') < text.indexOf('"0"'));
  assert.ok(text.includes('"0":{"dtype":"U8","shape":[3],"data_offsets":[24,27]}'));
});

test("without metadata there is no __metadata__", () => {
  const bytes = serializeSafetensors({ tensors: new Map(), metadata: {} });
  assert.equal([...bytes], [8, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode("{}      ")]);
});

test("tensors own their memory, also when the bytes are an unaligned view of another buffer", () => {
  const bytes = serializeSafetensors(example);
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  const parsed = parseSafetensors(shifted);
  shifted.fill(0);
  assertSameStateDict(parsed, example);
});

test("golden files parse, and write back to the same tensors", () => {
  const golden = parseSafetensors(readFileSync(new URL("latest_net_G.expected.safetensors", goldens)));
  assert.is(golden.metadata["weights"], "latest_net_G.pth");
  assert.equal([...golden.tensors.keys()].sort(), ["x", "y"]);
  assertSameStateDict(parseSafetensors(serializeSafetensors(golden)), golden);
  assert.ok(parseSafetensors(readFileSync(new URL("operators.safetensors", goldens))).tensors.size > 50);
});

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) =>
  JSON.stringify({ dtype: "F32", shape, data_offsets: [begin, end] });

const malformed: [string, Uint8Array, RegExp][] = [
  ["no bytes", new Uint8Array(0), /is empty/],
  ["seven bytes", new Uint8Array(7), /truncated: 7 bytes/],
  ["a zip", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 8, 8, 0), /not a file of weights but an archive/],
  ["a header beyond the end", file(`{"a":${f32(0, 4)}}`).subarray(0, 20), /truncated: 20 bytes, .* header alone/],
  ["a header that is not JSON", file('{"a":'), /not JSON/],
  ["a header that is not UTF-8", file("{}").map((byte, i) => (i === 9 ? 0xff : byte)), /not JSON/],
  ["a header that is an array", file("[]"), /not a file of weights/],
  ["a tensor that is null", file('{"a":null}'), /"a" by something not an object/],
  ["metadata that is not an object", file('{"__metadata__":1}'), /__metadata__ that is not/],
  ["metadata with a number", file('{"__metadata__":{"k":1}}'), /"k" is not a string/],
  ["an unknown dtype", file('{"a":{"dtype":"F8_E4M3","shape":[],"data_offsets":[0,1]}}'), /unknown dtype "F8_E4M3"/],
  ["a dtype that is a property of objects", file('{"a":{"dtype":"toString"}}'), /unknown dtype/],
  ["a negative size", file(`{"a":${f32(0, 4, [-1])}}`), /impossible shape \[-1\]/],
  ["a fractional size", file(`{"a":${f32(0, 4, [1.5])}}`), /impossible shape/],
  ["one offset", file('{"a":{"dtype":"U8","shape":[],"data_offsets":[0]}}'), /impossible offsets \[0\]/],
  ["offsets in reverse", file('{"a":{"dtype":"U8","shape":[],"data_offsets":[1,0]}}'), /impossible offsets \[1,0\]/],
  [
    "a shape of another size",
    file(`{"a":${f32(0, 8, [3])}}`, new Uint8Array(8)),
    /8 bytes, but F32 of shape \[3\] takes 12/,
  ],
  ["a shape beyond all numbers", file(`{"a":${f32(0, 4, Array(30).fill(2 ** 52))}}`), /4 bytes, but F32/],
  ["data cut short", file(`{"a":${f32(0, 800)}}`, new Uint8Array(100)), /is truncated: 1\d\d of 8\d\d bytes\./],
  [
    "bytes after the data",
    file(`{"a":${f32(0, 4)}}`, new Uint8Array(6)),
    /2 bytes that belong to no tensor at its end/,
  ],
  ["a gap", file(`{"a":${f32(0, 4)},"b":${f32(8, 12)}}`, new Uint8Array(12)), /4 bytes .* before "b"/],
  ["an overlap", file(`{"a":${f32(0, 8)},"b":${f32(4, 12)}}`, new Uint8Array(12)), /overlapping data .* "a" and "b"/],
];
for (const [what, bytes, message] of malformed) test(`refuses ${what}`, () => refuses(bytes, message));

test("says how much of a truncated file is there", () => {
  const golden = new Uint8Array(readFileSync(new URL("latest_net_G.expected.safetensors", goldens)));
  refuses(golden.subarray(0, 1000), new RegExp(`is truncated: 1000 of ${golden.length} bytes`));
});

test("any damage gives a state dict or a FormatError, never another failure", () => {
  const bytes = serializeSafetensors(example);
  fc.assert(
    fc.property(damaged(bytes), (broken) => {
      try {
        parseSafetensors(broken);
      } catch (error) {
        assert.instance(error, FormatError);
      }
    }),
    { numRuns: 500, seed: 2 },
  );
});

test("does not write tensors whose dtype, shape and data disagree, nor one under the name of the metadata", () => {
  const write = (name: string, tensor: Parameters<StateDict["tensors"]["set"]>[1]) => () =>
    serializeSafetensors({ tensors: new Map([[name, tensor]]), metadata: {} });
  const isShapeError = (error: unknown) => error instanceof ShapeError;
  assert.throws(write("a", { dtype: "F32", shape: [2], data: new Float32Array(3) }), isShapeError);
  assert.throws(write("a", { dtype: "F32", shape: [3], data: new Float64Array(3) }), isShapeError);
  assert.throws(
    write("__metadata__", { dtype: "F32", shape: [], data: new Float32Array(1) }),
    (error: unknown) => error instanceof FormatError,
  );
});

test.run();
