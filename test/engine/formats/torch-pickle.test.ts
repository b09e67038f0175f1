// What the pickles of torch.save mean: parameters, dictionaries within dictionaries, tensors that cannot be.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parsePth } from "../../../engine/formats/pth.js";
import { contiguousStrides } from "../../../engine/formats/torch-pickle.js";
import * as emit from "./pickle-emitter.js";
import { bytesOf, type Pickled, pickle, tensor, text } from "./pickle-emitter.js";
import { bothContainers, counting, floats, refuses, whole } from "./pth-files.js";

const test = suite("torch pickle");

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

test("dictionaries that hold themselves or each other without end", () => {
  const own = [...emit.put(emit.emptyDict, 0), ...text("again"), ...emit.get(0), 0x73];
  refuses(emit.zipFile(pickle(own), {}), /nests dictionaries without end/);
  let doubling = emit.dict([text("w"), whole]);
  for (let level = 0; level < 30; level++) {
    doubling = emit.dict([text("a"), emit.put(doubling, level)], [text("b"), emit.get(level)]);
  }
  refuses(emit.zipFile(pickle(doubling), { "data/0": bytesOf(counting) }), /nests dictionaries without end/);
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

test("tensors of PyTorch 0.3, and parameters with state", () => {
  const [from, sizes, strides] = [floats(), emit.tuple(emit.int(2), emit.int(3)), emit.tuple(emit.int(1), emit.int(2))];
  const old = emit.call(emit.global("torch._utils", "_rebuild_tensor"), from, emit.int(4), sizes, strides);
  const parameter = emit.global("torch._utils", "_rebuild_parameter_with_state");
  const stateful = emit.call(parameter, whole, emit.yes, emit.orderedDict(), emit.emptyDict);
  for (const [, bytes] of bothContainers(emit.dict([text("old"), old], [text("w"), stateful]))) {
    const { tensors } = parsePth(bytes);
    assert.equal([...(tensors.get("old")?.data ?? [])], [4, 6, 8, 5, 7, 9]);
    assert.equal([...(tensors.get("w")?.data ?? [])], [...counting]);
  }
});

test("roots that are not dictionaries of tensors", () => {
  refuses(emit.zipFile(pickle(whole), { "data/0": bytesOf(counting) }), /holds a single tensor/);
  refuses(emit.zipFile(pickle(emit.list(emit.int(1))), {}), /holds something else/);
  refuses(emit.zipFile(pickle(emit.dict([text("epoch"), emit.int(1)])), {}), /holds no tensors/);
  const clash = emit.dict([text("a.b"), whole], [text("a"), emit.dict([text("b"), whole])]);
  for (const [, bytes] of bothContainers(clash)) refuses(bytes, /two tensors named "a\.b"/);
});

test("dictionary keys that name nothing", () => {
  for (const key of [emit.tuple(emit.int(1)), text("x".repeat(1001))]) {
    for (const [, bytes] of bothContainers(emit.dict([key, whole]))) refuses(bytes, /dictionary key that is neither/);
  }
});

test("contiguous strides count elements from the last axis", () => {
  assert.equal(contiguousStrides([2, 3, 4]), [12, 4, 1]);
  assert.equal(contiguousStrides([]), []);
});

test.run();
