// Operators: what makes one of a record, what they refuse whatever they compute, which of their kernels is taken, and
// what they cost.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gpu } from "../../../engine/core/gpu.js";
import { chooseVariant, costOf, defineOperator } from "../../../engine/core/operator.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import * as engine from "../../../engine/index.js";
import { copyInto } from "../../../engine/operators/strided/index.js";
import { messageOf, testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");

const copy = (gpu: Gpu, [x]: readonly [x: Tensor], _: object, y: Tensor): undefined => {
  copyInto(gpu, x, y, x.size);
};

/** The identity, without a gradient. */
const same = defineOperator<readonly [x: Tensor], { label: string }>({
  name: "same",
  shape: ([x]) => x.shape,
  forward: copy,
});

test("a record becomes a function on tensors, which is on the tape where an input is tracked", async () => {
  const x = gpu.tensor([1, 2]);
  assert.equal([...(await same([x], { label: "" }).read())], [1, 2]);
  assert.not(same([x], { label: "" }).tracked);
  assert.ok(same([x.requireGrad()], { label: "" }).tracked);
  assert.is(same.record.name, "same");
});

test("an operator without a gradient says so when one is asked for", () => {
  const x = gpu.tensor([1, 2]).requireGrad();
  assert.match(
    messageOf(() => engine.grad(engine.sum(same([x], { label: "" })), [x])),
    /GradientError: same cannot be differentiated Detach its inputs\./,
  );
});

test("a cost is the operations of the record, and every input and the output moved once", () => {
  const [x, w] = [gpu.empty([2, 3]), gpu.empty([4, 3])];
  assert.equal(costOf(same.record, [x], { label: "" }, { dtype: "f32", shape: [2, 3] }), { flops: 6, bytes: 48 });
  const counted = { ...same.record, flops: () => 100 };
  assert.equal(costOf(counted, [x, w] as unknown as [Tensor], { label: "" }, { dtype: "f32", shape: [2, 4] }), {
    flops: 100,
    bytes: 104,
  });
});

test("operators that pick elements count those, not all that they pick from", async () => {
  const [x, ids] = [gpu.empty([1000, 8]), gpu.tensor(Int32Array.of(1, 2))];
  const image = gpu.empty([1, 8, 50, 50]);
  const [head, bias] = [gpu.empty([8, 8]), gpu.empty([8])];
  const counted = new Map<string, number>();
  const stop = gpu.observers.add({ onOperator: ({ operator, bytes }) => void counted.set(operator, bytes) });
  gpu.scope(() => {
    engine.indexSelect(x, 0, ids);
    engine.gatherPositions(image, ids);
    engine.slice(x, 0, 2);
    engine.maxPool2d(image, 2, { stride: 25 });
    const options = { groups: 1, tau: 0.07 };
    engine.fusedPatchNce(image, ids, { w1: head, b1: bias, w2: head, b2: bias }, image, options);
  });
  stop();
  assert.is(counted.get("gather"), 4 * (16 + 2 + 16));
  assert.is(counted.get("gatherPositions"), 4 * (16 + 2 + 16));
  assert.is(counted.get("asStrided"), 4 * (16 + 16));
  assert.is(counted.get("maxPool2d"), 4 * (32 + 32 + 32));
  assert.is(counted.get("fusedPatchNce"), 4 * (2 * 16 + 2 * 64 + 2 * 8 + 2 + 2));
  for (const tensor of [x, ids, image, head, bias]) tensor.dispose();
});

test("tensors of two devices do not meet", async () => {
  const other = await testGpu("gpu");
  assert.match(
    messageOf(() => engine.add(gpu.empty([2]), other.empty([2]))),
    /add: the inputs are on different devices/,
  );
});

test("of several variants the operator's own rule takes one, by shapes and adapter", async () => {
  const taken: string[] = [];
  const variant = (name: string) => (gpu: Gpu, inputs: readonly [x: Tensor], options: object, y: Tensor) => {
    taken.push(name);
    return copy(gpu, inputs, options, y);
  };
  const several = defineOperator<readonly [x: Tensor], object, "portable" | "vector">({
    name: "several",
    shape: ([x]) => x.shape,
    variants: { portable: variant("portable"), vector: variant("vector") },
    choose: ([shape]) => (shape?.length === 1 ? "vector" : "portable"),
  });
  const [vector, matrix] = [gpu.tensor([1, 2]), gpu.tensor([1, 2], [1, 2])];
  assert.equal([...(await several([vector], {}).read())], [1, 2]);
  several([matrix], {});
  gpu.variants.force({ several: "portable" }, () => several([vector], {}));
  assert.equal(taken, ["vector", "portable", "portable"]);
  assert.is(chooseVariant(gpu, several.record, [vector], {}), "vector");
});

test("a kernel that an operator does not have cannot be forced", () => {
  const work = () => engine.conv2d(gpu.empty([1, 1, 3, 3]), gpu.empty([1, 1, 3, 3]));
  const message = messageOf(() => gpu.variants.force({ conv2d: "nonsense" }, work));
  assert.match(message, /conv2d has no kernel "nonsense".*tiled, .*broadcast/);
});

test.run();
