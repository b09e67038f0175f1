// Writing pickles: what torch.load(weights_only=True) demands of them, checked on the bytes by a disassembler and by a
// second, independent unpickler.
import { NameRegistry, Parser } from "pickleparser";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pickleStateDict } from "../../../engine/formats/pickle-writer.js";
import { example } from "./arbitrary.js";

const test = suite("pickle writer");

/** Opcodes that torch.save writes, with the length of their arguments ("line": two lines, "text": a counted string). */
const ALLOWED = new Map<number, [string, number | "lines" | "text"]>([
  [0x80, ["PROTO", 1]],
  [0x63, ["GLOBAL", "lines"]],
  [0x71, ["BINPUT", 1]],
  [0x72, ["LONG_BINPUT", 4]],
  [0x68, ["BINGET", 1]],
  [0x28, ["MARK", 0]],
  [0x74, ["TUPLE", 0]],
  [0x85, ["TUPLE1", 0]],
  [0x86, ["TUPLE2", 0]],
  [0x87, ["TUPLE3", 0]],
  [0x58, ["BINUNICODE", "text"]],
  [0x4a, ["BININT", 4]],
  [0x4b, ["BININT1", 1]],
  [0x4d, ["BININT2", 2]],
  [0x4e, ["NONE", 0]],
  [0x89, ["NEWFALSE", 0]],
  [0x29, ["EMPTY_TUPLE", 0]],
  [0x7d, ["EMPTY_DICT", 0]],
  [0x52, ["REDUCE", 0]],
  [0x62, ["BUILD", 0]],
  [0x73, ["SETITEM", 0]],
  [0x75, ["SETITEMS", 0]],
  [0x51, ["BINPERSID", 0]],
  [0x2e, ["STOP", 0]],
]);

function disassemble(pickle: Uint8Array): { opcodes: string[]; globals: string[] } {
  const opcodes: string[] = [];
  const globals: string[] = [];
  const view = new DataView(pickle.buffer, pickle.byteOffset, pickle.byteLength);
  for (let at = 0; at < pickle.length; ) {
    const found = ALLOWED.get(pickle[at]);
    assert.ok(found, `opcode 0x${pickle[at].toString(16)} at byte ${at}`);
    const [name, argument] = found!;
    opcodes.push(name);
    at++;
    if (argument === "lines") {
      const end = pickle.indexOf(0x0a, pickle.indexOf(0x0a, at) + 1);
      globals.push(new TextDecoder().decode(pickle.subarray(at, end)).replace("\n", "."));
      at = end + 1;
    } else at += argument === "text" ? 4 + view.getUint32(at, true) : argument;
  }
  return { opcodes, globals };
}

test("the pickle uses only the opcodes and globals that torch.load(weights_only=True) takes", () => {
  const { opcodes, globals } = disassemble(pickleStateDict(example));
  assert.is(opcodes[0], "PROTO");
  assert.equal(opcodes.indexOf("STOP"), opcodes.length - 1);
  assert.is(opcodes.filter((name) => name === "BINPERSID").length, example.tensors.size);
  assert.equal(globals.sort(), [
    "collections.OrderedDict",
    "torch.BFloat16Storage",
    "torch.BoolStorage",
    "torch.FloatStorage",
    "torch.LongStorage",
    "torch._utils._rebuild_tensor_v2",
  ]);
});

test("another unpickler reads the same calls that PyTorch makes", () => {
  const names = new NameRegistry();
  names.register("collections", "OrderedDict", () => new Map());
  names.register("torch._utils", "_rebuild_tensor_v2", (...args: unknown[]) => args);
  for (const type of ["Float", "BFloat16", "Long", "Bool"]) names.register("torch", `${type}Storage`, () => type);
  // The library hands the id over as it was pickled: the class in it is the function registered above.
  const persistentResolver = {
    resolve: (id: unknown) => (id as unknown[]).map((x) => (typeof x === "function" ? x() : x)),
  };
  const parser = new Parser({ nameResolver: names, persistentResolver, unpicklingTypeOfDictionary: "Map" });
  const read = parser.parse<Map<string, unknown>>(pickleStateDict(example));
  const none = new Map();
  assert.equal(
    [...read],
    [
      ["model.1.weight", [["storage", "Float", "0", "cpu", 6], 0, [2, 1, 3], [3, 3, 1], false, none]],
      ["model.1.bias", [["storage", "Float", "1", "cpu", 2], 0, [2], [1], false, none]],
      ["wide", [["storage", "BFloat16", "2", "cpu", 90000], 0, [300, 300], [300, 1], false, none]],
      ["num_batches_tracked", [["storage", "Long", "3", "cpu", 1], 0, [], [], false, none]],
      ["Größe", [["storage", "Bool", "4", "cpu", 0], 0, [0], [1], false, none]],
    ],
  );
});

test.run();
