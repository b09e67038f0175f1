// Reading .pth: both containers of torch.save, whatever way tensors lie in their storages, and refusal of every file that
// is broken or tries to run something.
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError } from "../../../engine/core/errors.js";
import { parsePth } from "../../../engine/formats/pth.js";
import { toFloat32 } from "../../../engine/formats/state-dict.js";
import { damaged } from "./arbitrary.js";
import * as emit from "./pickle-emitter.js";
import { bytesOf, type Pickled, pickle, storage, tensor, text } from "./pickle-emitter.js";

const test = suite("pth reader");
const golden = new Uint8Array(readFileSync(new URL("../../../../test/goldens/data/latest_net_G.pth", import.meta.url)));

function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => parsePth(bytes, "net.pth"),
    (error: unknown) =>
      error instanceof FormatError && error.message.startsWith("net.pth ") && message.test(error.message),
  );
}

const counting = Float32Array.from({ length: 24 }, (_, i) => i);
const floats = (key = "0", count = 24) => storage("FloatStorage", key, count);
const whole = tensor(floats(), 0, [24], [1]);

/** The same root object and storage "0" in both containers. */
function bothContainers(root: Pickled, data: Float32Array = counting): [string, Uint8Array][] {
  return [
    ["zip", emit.zipFile(pickle(root), { "data/0": bytesOf(data) })],
    ["legacy", emit.legacyFile(pickle(root), [["0", data.length, bytesOf(data)]])],
  ];
}

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

const namesOf = (root: Pickled) =>
  bothContainers(root).map(([, bytes]) => [...parsePth(bytes).tensors.keys()].join(" "));

test("parameters, _metadata and what is not a tensor", () => {
  const parameter = emit.call(emit.global("torch._utils", "_rebuild_parameter"), whole, emit.yes, emit.orderedDict());
  const metadata = emit.dict([
    text("_metadata"),
    emit.orderedDict([text(""), emit.dict([text("version"), emit.int(1)])]),
  ]);
  const root = emit.withState(
    emit.orderedDict(
      [text("w"), parameter],
      [text("epoch"), emit.int(3)],
      [text("rate"), emit.float],
      [text("note"), emit.none],
      [text("size"), emit.call(emit.global("torch", "Size"), emit.tuple(emit.int(3)))],
      [text("history"), emit.list(emit.float, whole)],
    ),
    metadata,
  );
  assert.equal(namesOf(root), ["w", "w"]);
});

test("a checkpoint's only dictionary of tensors is taken, several are told apart by their names", () => {
  const inner = emit.orderedDict([text("a.weight"), whole], [text("b"), whole]);
  const epoch: [Pickled, Pickled] = [text("epoch"), emit.int(3)];
  assert.equal(namesOf(emit.dict([text("state_dict"), inner], epoch))[0], "a.weight b");
  assert.equal(namesOf(emit.dict([text("x"), emit.dict([text("y"), inner])], epoch))[0], "a.weight b");
  assert.equal(
    namesOf(emit.dict([text("G"), inner], [text("optimizer"), emit.dict([emit.int(0), inner])]))[0],
    "G.a.weight G.b optimizer.0.a.weight optimizer.0.b",
  );
  assert.equal(namesOf(emit.dict([text("steps"), whole], [text("G"), inner]))[1], "steps G.a.weight G.b");
});

test("an empty state dict (a feature network without an MLP) is one without tensors", () => {
  for (const root of [emit.emptyDict, emit.orderedDict()]) {
    assert.is(parsePth(emit.zipFile(pickle(root), {})).tensors.size, 0);
  }
});

test("protocol 4, as torch.save(pickle_protocol=4) writes it", () => {
  const short = (value: string) => [0x8c, value.length, ...new TextEncoder().encode(value)];
  const root = [
    ...[0x80, 4, 0x95, 99, 0, 0, 0, 0, 0, 0, 0], // PROTO, FRAME
    ...[...short("collections"), 0x94, ...short("OrderedDict"), 0x94, 0x93, 0x94, 0x29, 0x52, 0x94], // STACK_GLOBAL ... REDUCE
    ...[...short("w"), 0x94, ...whole, 0x73, ...emit.get(3), 0x30, 0x2e], // SETITEM, BINGET, POP, STOP
  ];
  const bytes = emit.zipFile(Uint8Array.from(root), { "data/0": bytesOf(counting) });
  assert.equal([...parsePth(bytes).tensors.keys()], ["w"]);
});

test("a malicious pickle is refused at the name it wants to call, in every place of both containers", () => {
  const marker = "cutgpu-was-here";
  const payload = emit.attack(`touch ${marker}`);
  const message = /Python global "os\.system".* may be malicious/;
  refuses(emit.zipFile(payload, {}), message);
  refuses(emit.legacyFile(payload, []), message);
  refuses(Uint8Array.from([0x80, 2, ...payload]), message);
  assert.not.ok(existsSync(marker));
  const inner = emit.call(emit.global("builtins", "eval"), text("1"));
  for (const [, bytes] of bothContainers(emit.dict([text("w"), inner]))) refuses(bytes, /"builtins\.eval"/);
  for (const path of ["torch.load", "torch._utils._rebuild_tensor", "__builtin__.getattr", "Object.constructor"]) {
    const dot = path.lastIndexOf(".");
    refuses(
      emit.zipFile(pickle(emit.global(path.slice(0, dot), path.slice(dot + 1))), {}),
      /which no file of weights needs/,
    );
  }
  const stackGlobal = [...text("os"), ...text("system"), 0x93];
  refuses(emit.zipFile(pickle(stackGlobal), {}), message);
  const textForm = new TextEncoder().encode("(S'true'\nios\nsystem\n.");
  refuses(emit.zipFile(textForm, {}), /opcode 0x53.* may be malicious/);
});

test("a value that is no function cannot be called, and state sets no attributes", () => {
  refuses(emit.zipFile(pickle(emit.call(text("eval"), text("1"))), {}), /calls something that is not a function/);
  refuses(emit.zipFile(pickle(emit.call(emit.global("torch", "FloatStorage"))), {}), /not a function/);
  refuses(emit.zipFile(pickle(emit.withState(whole, emit.emptyDict)), {}), /sets the state/);
});

test("dictionaries that hold themselves or each other without end", () => {
  const own = [...emit.put(emit.emptyDict, 0), ...text("again"), ...emit.get(0), 0x73];
  refuses(emit.zipFile(pickle(own), {}), /nests dictionaries without end/);
  let doubling = emit.dict([text("w"), whole]);
  for (let level = 0; level < 30; level++) {
    doubling = emit.dict([text("a"), emit.put(doubling, level)], [text("b"), emit.get(level)]);
  }
  refuses(emit.zipFile(pickle(doubling), { "data/0": bytesOf(counting) }), /nests dictionaries without end/);
});

test("tensors far larger than their file", () => {
  const huge = emit.dict([text("w"), tensor(floats(), 0, [1 << 16, 1 << 16], [0, 0])]);
  for (const [, bytes] of bothContainers(huge))
    refuses(bytes, /far larger than itself, at "w" of shape \[65536,65536\]/);
  const absurd = emit.dict([text("w"), tensor(floats(), 0, Array(40).fill(0x7fffffff), Array(40).fill(0))]);
  for (const [, bytes] of bothContainers(absurd)) refuses(bytes, /far larger than itself/);
});

test("tensors outside of their storage, or described by nonsense", () => {
  for (const broken of [
    tensor(floats(), 1, [24], [1]),
    tensor(floats(), 0, [2, 2], [23, 1]),
    tensor(floats(), 24, [], []),
  ]) {
    for (const [, bytes] of bothContainers(emit.dict([text("w"), broken])))
      refuses(bytes, /"w" with element 24 of a storage of 24/);
  }
  for (const broken of [
    tensor(floats(), -1, [2], [1]),
    tensor(floats(), 0, [-2], [1]),
    tensor(floats(), 0, [2], [-1]),
    tensor(floats(), 0, [2, 2], [1]),
    tensor(text("storage"), 0, [2], [1]),
  ]) {
    for (const [, bytes] of bothContainers(emit.dict([text("w"), broken]))) refuses(bytes, /a tensor that cannot be/);
  }
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

test("dictionary keys that name nothing", () => {
  for (const key of [emit.tuple(emit.int(1)), text("x".repeat(1001))]) {
    for (const [, bytes] of bothContainers(emit.dict([key, whole]))) refuses(bytes, /dictionary key that is neither/);
  }
});

test("roots that are not dictionaries of tensors", () => {
  refuses(emit.zipFile(pickle(whole), { "data/0": bytesOf(counting) }), /holds a single tensor/);
  refuses(emit.zipFile(pickle(emit.list(emit.int(1))), {}), /holds something else/);
  refuses(emit.zipFile(pickle(emit.dict([text("epoch"), emit.int(1)])), {}), /holds no tensors/);
  const clash = emit.dict([text("a.b"), whole], [text("a"), emit.dict([text("b"), whole])]);
  for (const [, bytes] of bothContainers(clash)) refuses(bytes, /two tensors named "a\.b"/);
});

test("big-endian files", () => {
  const root = pickle(emit.dict([text("w"), whole]));
  const data = { "data/0": bytesOf(counting), byteorder: new TextEncoder().encode("big") };
  refuses(emit.zipFile(root, data), /big-endian/);
  refuses(emit.legacyFile(root, [], { littleEndian: false }), /big-endian/);
});

test("other containers", () => {
  refuses(new Uint8Array(0), /is empty/);
  refuses(
    new TextEncoder().encode("<html>not found</html>"),
    /not a file of torch\.save: it begins with the bytes 3c 68 74 6d/,
  );
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

test.run();
