// The pickle machine: it builds values and nothing else. Every name and opcode beyond its lists ends the reading.
import { existsSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PickleGlobal, readPickle } from "../../../engine/formats/pickle.js";
import { parsePth } from "../../../engine/formats/pth.js";
import * as emit from "./pickle-emitter.js";
import { bytesOf, pickle, text } from "./pickle-emitter.js";
import { bothContainers, counting, refuses, whole } from "./pth-files.js";

const test = suite("pickle");

/** The value of a pickle that may call `add` and refer to data by an id. */
const read = (bytes: Uint8Array, start = 0) =>
  readPickle(bytes, start, {
    where: "p",
    globals: new Map([["m.add", new PickleGlobal("m.add", ([a, b]) => (a as number) + (b as number))]]),
    persistentLoad: (id) => ({ id }),
  });

test("numbers, strings, lists, tuples and dictionaries become JavaScript's", () => {
  const value = emit.dict(
    [text("list"), emit.list(emit.int(-2), emit.float, emit.none, emit.yes)],
    [text("tuple"), emit.tuple(text("e"), emit.no)],
  );
  assert.equal(
    read(pickle(value)).value,
    new Map<string, unknown>([
      ["list", [-2, Math.PI, null, true]],
      ["tuple", ["e", false]],
    ]),
  );
});

test("integers beyond what a number holds become bigints", () => {
  assert.is(read(pickle([0x8a, 2, 0x00, 0xff])).value, -256);
  assert.is(read(pickle([0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x80])).value, -(2n ** 63n));
});

test("names given by the caller are called, persistent ids are asked for, the memo is shared", () => {
  assert.is(read(pickle(emit.call(emit.global("m", "add"), emit.int(2), emit.int(3)))).value, 5);
  assert.equal(read(pickle([...text("k"), 0x51])).value, { id: "k" });
  const twice = read(pickle(emit.list(emit.put(emit.list(), 7), emit.get(7)))).value as unknown[];
  assert.is(twice[0], twice[1]);
});

test("reading starts where it is told and says where it ended", () => {
  const bytes = Uint8Array.from([9, 9, ...pickle(emit.int(1)), 9]);
  assert.equal(read(bytes, 2), { value: 1, end: bytes.length - 1 });
});

test("protocol 4, as torch.save(pickle_protocol=4) writes it", () => {
  const short = (value: string) => [0x8c, value.length, ...new TextEncoder().encode(value)];
  const root = [
    ...[0x80, 4, 0x95, 99, 0, 0, 0, 0, 0, 0, 0], // PROTO, FRAME
    // STACK_GLOBAL ... REDUCE
    ...[...short("collections"), 0x94, ...short("OrderedDict"), 0x94, 0x93, 0x94, 0x29, 0x52, 0x94],
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
  for (const path of ["subprocess.Popen", "posix.system", "builtins.exec", "__builtin__.getattr"]) {
    const dot = path.lastIndexOf(".");
    refuses(
      emit.zipFile(pickle(emit.global(path.slice(0, dot), path.slice(dot + 1))), {}),
      /which no file of weights needs/,
    );
  }
  const stackGlobal = [...text("os"), ...text("system"), 0x93];
  refuses(emit.zipFile(pickle(stackGlobal), {}), message);
  const textForm = new TextEncoder().encode("(S'true'\nios\nsystem\n.");
  refuses(emit.zipFile(textForm, {}), /opcode 0x53, which torch\.save does not write/);
});

test("objects of unknown names are passed over, whatever is done to them, and never run or called malicious", () => {
  const made: [string, emit.Pickled][] = [
    ["argparse.Namespace", emit.call(emit.global("argparse", "Namespace"))],
    ["own.Trainer", emit.call(emit.global("own", "Trainer"), emit.int(1), text("x"))],
    ["Object.constructor", emit.call(emit.global("Object", "constructor"), text("globalThis.touched = true"))],
  ];
  for (const [path, object] of made) {
    const changes = [
      object,
      emit.withState(object, emit.dict([text("ngf"), emit.int(4)])),
      [...object, ...emit.list().slice(1, -1), ...emit.int(1), 0x65],
      [...object, 0x28, ...text("key"), ...emit.int(1), 0x75],
    ];
    for (const changed of changes) {
      for (const [, bytes] of bothContainers(emit.dict([text("opt"), changed], [text("w"), whole]))) {
        assert.equal([...parsePth(bytes).tensors.keys()], ["w"]);
      }
    }
    refuses(emit.zipFile(pickle(object), {}), new RegExp(`a Python object, ${path.replace(".", "\\.")}\\.`));
  }
  assert.not.ok("touched" in globalThis);
  // NEWOBJ, sets and a number of more bytes than one counts, as other objects of a checkpoint bring them.
  const newObject = [...emit.global("own", "Config"), ...emit.tuple(), 0x81];
  const set = [0x8f, 0x28, ...emit.int(1), 0x90];
  const long = [0x8b, 1, 0, 0, 0, 5];
  const other = emit.dict([text("a"), newObject], [text("b"), set], [text("c"), long], [text("w"), whole]);
  for (const [, bytes] of bothContainers(other)) assert.equal([...parsePth(bytes).tensors.keys()], ["w"]);
});

test("a value that is no function cannot be called, and state sets no attributes", () => {
  refuses(emit.zipFile(pickle(emit.call(text("eval"), text("1"))), {}), /calls something that is not a function/);
  refuses(emit.zipFile(pickle(emit.withState(whole, emit.emptyDict)), {}), /sets the state/);
});

test.run();
