// .pth files, read and written: both containers of torch.save, whatever way tensors lie in their storages, refusal of
// every file that is broken, and the container that torch.load demands.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { unzipSync } from "fflate";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parsePth, serializePth } from "../../../engine/formats/pth.js";
import { type StoredTensor, toFloat32 } from "../../../engine/formats/state-dict.js";
import { FormatError, ShapeError } from "../../../engine/lib/errors.js";
import { arbitraryStateDict, assertSameStateDict, damaged, example, f32 } from "./arbitrary.js";
import * as emit from "./pickle-emitter.js";
import { bytesOf, pickle, storage, tensor, text } from "./pickle-emitter.js";
import { bothContainers, counting, floats, refuses, whole } from "./pth-files.js";

const test = suite("pth");
const golden = new Uint8Array(readFileSync(new URL("../../../../test/goldens/data/latest_net_G.pth", import.meta.url)));

test("the golden generator, written by torch.save in the zip container", () => {
  const { tensors } = parsePth(golden);
  assert.is(tensors.size, 40);
  assert.is([...tensors.keys()][0], "model.1.weight");
  const shapes: [string, number[]][] = [
    ["model.1.weight", [8, 3, 7, 7]],
    ["model.1.bias", [8]],
    ["model.7.filt", [16, 1, 3, 3]],
    ["model.8.weight", [32, 16, 3, 3]],
    ["model.12.conv_block.1.weight", [32, 32, 3, 3]],
    ["model.27.weight", [3, 8, 7, 7]],
    ["model.27.bias", [3]],
  ];
  for (const [name, shape] of shapes) assert.equal(tensors.get(name)?.shape, shape, name);
  assert.ok(
    [...tensors.values()].every(({ dtype, data }) => dtype === "F32" && data.every((x) => Number.isFinite(Number(x)))),
  );
  const filter = toFloat32(tensors.get("model.7.filt")!).subarray(0, 9);
  assert.equal(
    [...filter],
    [1, 2, 1, 2, 4, 2, 1, 2, 1].map((x) => x / 16),
  );
});

test("windows, transposes and expanded tensors become contiguous, from shared storages", () => {
  const root = emit.orderedDict(
    [text("module.whole"), tensor(floats(), 0, [2, 3, 4], [12, 4, 1])],
    [text("module.window"), tensor(floats(), 13, [2, 2], [4, 1])],
    [text("module.transposed"), tensor(floats(), 0, [4, 2], [1, 4])],
    [text("module.strided"), tensor(floats(), 1, [3], [8])],
    [text("module.expanded"), tensor(floats(), 5, [2, 3], [0, 0])],
    [text("module.scalar"), tensor(floats(), 7, [], [])],
    [text("module.empty"), tensor(floats(), 24, [0, 5], [5, 1])],
    [text("module.one_row"), tensor(floats(), 4, [1, 3], [99, 1])],
  );
  for (const [container, bytes] of bothContainers(root)) {
    const values = [...parsePth(bytes).tensors].map(([name, { shape, data }]) => [
      name,
      shape,
      Array.from(data, Number),
    ]);
    assert.equal(
      values,
      [
        ["module.whole", [2, 3, 4], [...counting]],
        ["module.window", [2, 2], [13, 14, 17, 18]],
        ["module.transposed", [4, 2], [0, 4, 1, 5, 2, 6, 3, 7]],
        ["module.strided", [3], [1, 9, 17]],
        ["module.expanded", [2, 3], [5, 5, 5, 5, 5, 5]],
        ["module.scalar", [], [7]],
        ["module.empty", [0, 5], []],
        ["module.one_row", [1, 3], [4, 5, 6]],
      ],
      container,
    );
  }
});

test("tensors of one storage do not share memory once read", () => {
  const root = emit.dict([text("a"), whole], [text("b"), whole]);
  for (const [, bytes] of bothContainers(root)) {
    const { tensors } = parsePth(bytes);
    tensors.get("a")!.data[0] = 99;
    assert.is(tensors.get("b")!.data[0], 0);
  }
});

test("every storage class has its dtype, contiguous and strided", () => {
  const data = new Uint8Array(32).map((_, i) => 7 * i);
  const classes = "Double Float Half BFloat16 Long Int Short Char Byte Bool".split(" ");
  const dtypes = "F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL".split(" ");
  const sizes = [8, 4, 2, 2, 8, 4, 2, 1, 1, 1];
  classes.forEach((name, i) => {
    const count = data.length / sizes[i];
    const from = storage(`${name}Storage`, "k", count, "cuda:0");
    const root = emit.dict(
      [text("all"), tensor(from, 0, [count], [1])],
      [text("even"), tensor(from, 0, [count / 2], [2])],
    );
    const { tensors } = parsePth(emit.legacyFile(pickle(root), [["k", count, data]]));
    assert.is(tensors.get("all")!.dtype, dtypes[i]);
    assert.equal([...bytesOf(tensors.get("all")!.data)], [...data]);
    const even = data.filter((_, at) => Math.floor(at / sizes[i]) % 2 === 0);
    assert.equal([...bytesOf(tensors.get("even")!.data)], [...even]);
  });
});

test("legacy storages lie in the order of their key list", () => {
  const root = emit.dict(
    [text("a"), tensor(floats("x", 1), 0, [1], [1])],
    [text("b"), tensor(floats("y", 2), 0, [2], [1])],
  );
  const { tensors } = parsePth(
    emit.legacyFile(pickle(root), [
      ["y", 2, bytesOf(Float32Array.of(1, 2))],
      ["x", 1, bytesOf(Float32Array.of(3))],
    ]),
  );
  assert.equal(
    [...tensors.values()].map(({ data }) => Array.from(data, Number)),
    [[3], [1, 2]],
  );
});

test("tensors far larger than their file", () => {
  const huge = emit.dict([text("w"), tensor(floats(), 0, [1 << 16, 1 << 16], [0, 0])]);
  for (const [, bytes] of bothContainers(huge))
    refuses(bytes, /far larger than itself, at "w" of shape \[65536,65536\]/);
  const absurd = emit.dict([text("w"), tensor(floats(), 0, Array(40).fill(0x7fffffff), Array(40).fill(0))]);
  for (const [, bytes] of bothContainers(absurd)) refuses(bytes, /far larger than itself/);
});

test("storages that are missing, of another size, or described in two ways", () => {
  const root = pickle(emit.dict([text("w"), whole]));
  refuses(emit.zipFile(root, {}), /96 bytes as "some_name\/data\/0" but holds none/);
  refuses(emit.zipFile(root, { "data/0": new Uint8Array(95) }), /but holds 95/);
  refuses(emit.legacyFile(root, []), /lacks the storage "0" of the tensor "w"/);
  refuses(emit.legacyFile(root, [["0", 23, bytesOf(counting)]]), /23 elements here and 24 there/);
  refuses(emit.legacyFile(root, [["1", 24, bytesOf(counting)]]), /lists a storage that no tensor uses/);
  const twice = emit.dict([text("w"), whole], [text("v"), tensor(floats("0", 12), 0, [12], [1])]);
  for (const [, bytes] of bothContainers(twice)) refuses(bytes, /storage "0" in two ways/);
  const foreign = [...emit.tuple(text("module"), text("0")), 0x51];
  refuses(emit.zipFile(pickle(foreign), {}), /refers to data in a way/);
});

test("big-endian files", () => {
  const root = pickle(emit.dict([text("w"), whole]));
  const data = { "data/0": bytesOf(counting), byteorder: new TextEncoder().encode("big") };
  refuses(emit.zipFile(root, data), /big-endian/);
  refuses(emit.legacyFile(root, [], { littleEndian: false }), /big-endian/);
});

test("other containers", () => {
  refuses(new Uint8Array(0), /is empty/);
  refuses(new TextEncoder().encode("<html>not found</html>"), /but a web page/);
  refuses(pickle(emit.int(1)), /a pickle, but not one of torch\.save/);
  refuses(emit.legacyFile(pickle(emit.emptyDict), [], { protocol: 1002 }), /version of torch\.save other than 1001/);
  refuses(emit.zipFile(pickle(emit.emptyDict), { "constants.pkl": new Uint8Array(1) }), /TorchScript/);
  refuses(emit.zipFile(pickle(emit.dict([text("w"), whole])), { "data/0": bytesOf(counting) }, 9), /compressed/);
  const zip = emit.zipFile(pickle(emit.emptyDict), {});
  const renamed = Uint8Array.from(zip, (byte, i) => (byte === 0x6b && zip[i - 1] === 0x70 ? 0x78 : byte));
  refuses(renamed, /a zip without data\.pkl/);
});

test("a zip whose entries claim more than the file has", () => {
  const zip = emit.zipFile(pickle(emit.dict([text("w"), whole])), { "data/0": bytesOf(counting) });
  const view = new DataView(zip.buffer);
  for (let at = 0; at < zip.length - 4; at++) {
    if (view.getUint32(at, true) !== 0x02014b50) continue;
    view.setUint32(at + 20, 0x7fffffff, true);
    view.setUint32(at + 24, 0x7fffffff, true);
  }
  refuses(zip, /claims more data than it has room for/);
});

test("files cut anywhere are refused in terms of truncation or damage", () => {
  refuses(
    golden.subarray(0, golden.length >> 1),
    /truncated or damaged: its \d+ bytes do not end with a zip directory/,
  );
  const legacy = bothContainers(emit.dict([text("w"), whole]))[1][1];
  refuses(
    legacy.subarray(0, legacy.length - 1),
    new RegExp(`truncated: ${legacy.length - 1} of at least ${legacy.length}`),
  );
  for (let end = 1; end < legacy.length; end++) refuses(legacy.subarray(0, end), /truncated/);
});

test("any damage gives a state dict or a FormatError, never another failure", () => {
  const root = emit.dict([text("w"), whole], [text("v"), tensor(floats(), 0, [4, 2], [1, 4])]);
  for (const [, bytes] of bothContainers(root)) {
    fc.assert(
      fc.property(damaged(bytes), (broken) => {
        try {
          parsePth(broken);
        } catch (error) {
          assert.instance(error, FormatError);
        }
      }),
      { numRuns: 1000, seed: 3 },
    );
  }
});

// ---- writing

test("a round trip keeps names, order, dtypes, shapes and data", () => {
  assertSameStateDict(parsePth(serializePth(example)), example);
});

test("any state dict survives a round trip", () => {
  fc.assert(
    fc.property(arbitraryStateDict({ unsigned: false, metadata: false }), (stateDict) =>
      assertSameStateDict(parsePth(serializePth(stateDict)), stateDict),
    ),
    { numRuns: 100, seed: 4 },
  );
});

test("the zip has torch's entries, stored, under one root, with all data at multiples of 64 bytes", () => {
  const bytes = serializePth(example);
  const files = unzipSync(bytes);
  assert.equal(Object.keys(files), [
    "archive/data.pkl",
    "archive/byteorder",
    ...[0, 1, 2, 3, 4].map((key) => `archive/data/${key}`),
    "archive/version",
  ]);
  assert.is(new TextDecoder().decode(files["archive/version"]), "3\n");
  assert.is(new TextDecoder().decode(files["archive/byteorder"]), "little");
  assert.equal([...files["archive/data/1"]], [...new Uint8Array(Float32Array.of(-1, 0.5).buffer)]);

  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const data of Object.values(files)) {
    assert.is(view.getUint32(at, true), 0x04034b50, "a local header follows");
    assert.is(view.getUint16(at + 8, true), 0, "stored");
    assert.is(view.getUint32(at + 18, true), data.length, "the size is in the local header");
    const start = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
    assert.is(start % 64, 0, "aligned");
    at = start + data.length;
  }
});

test("the same state dict gives the same bytes", () => {
  assert.equal(serializePth(example), serializePth(example));
});

test("says what the container cannot hold", () => {
  const write = (tensor: StoredTensor) => () => serializePth({ tensors: new Map([["t", tensor]]), metadata: {} });
  assert.throws(
    write({ dtype: "U32", shape: [1], data: new Uint32Array(1) }),
    (error: unknown) => error instanceof FormatError && /"t", which is U32/.test(error.message),
  );
  assert.throws(write(f32([3], [1, 2])), (error: unknown) => error instanceof ShapeError);
});

test.run();
