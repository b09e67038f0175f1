// Operators: what makes one of a record, what they refuse whatever they compute, which of their kernels is taken, and
// what they cost.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseVariant, costOf, defineOperator, runnableVariants } from "../../../engine/core/operator.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import * as engine from "../../../engine/index.js";
import { copyInto } from "../../../engine/operators/batch/memory.js";
import { keyOf } from "../../../engine/tuning/table.js";
import { messageOf, testGpu, withForced } from "../../support/gpu.js";

const gpu = await testGpu("software");

/** The identity, without a gradient and with a choice of kernels. */
const same = defineOperator<readonly [x: Tensor], { label: string }>({
  name: "same",
  shape: ([x]) => x.shape,
  forward(gpu, [x], _, y) {
    copyInto(gpu, x, y, x.size);
    return undefined;
  },
  variants: ["portable", "broadcast", "other"],
  choose: ([shape]) => (shape?.length === 1 ? "other" : "portable"),
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

test("the kernel is the forced one, else the tuned one, else the operator's choice", async () => {
  const own = await testGpu("gpu");
  const x = own.empty([3]);
  const chosen = () => chooseVariant(own, same.record, [x], { label: "" });
  assert.is(chosen(), "other");
  const key = keyOf("same", [[3]], { label: "" });
  own.tuning = { version: 1, adapter: "", profile: "gpu", choices: { [key]: "portable" } };
  try {
    assert.is(chosen(), "portable");
    await withForced(own, { same: "broadcast" }, async () => assert.is(chosen(), "broadcast"));
    assert.is(chosen(), "portable");
  } finally {
    own.tuning = null;
    x.dispose();
  }
});

test("kernels with subgroup broadcasts run where subgroups have at least four lanes", () => {
  const names = ["portable", "broadcast", "broadcast_wide"];
  assert.equal(runnableVariants(names, { profile: "gpu", subgroupSize: 8 }), names);
  assert.equal(runnableVariants(names, { profile: "gpu", subgroupSize: 0 }), ["portable"]);
});

test("a cost is the operations of the record, and every input and the output moved once", () => {
  const [x, w] = [gpu.empty([2, 3]), gpu.empty([4, 3])];
  assert.equal(costOf(same.record, [x], { label: "" }, [2, 3]), { flops: 6, bytes: 48 });
  const counted = { ...same.record, flops: () => 100 };
  assert.equal(costOf(counted, [x, w] as unknown as [Tensor], { label: "" }, [2, 4]), { flops: 100, bytes: 104 });
});

test("tensors of two devices do not meet", async () => {
  const other = await testGpu("gpu");
  assert.match(
    messageOf(() => engine.add(gpu.empty([2]), other.empty([2]))),
    /add: the inputs are on different devices/,
  );
});

test("a kernel that an operator does not have cannot be forced", async () => {
  const message = await withForced(gpu, { conv2d: "nonsense" }, async () =>
    messageOf(() => engine.conv2d(gpu.empty([1, 1, 3, 3]), gpu.empty([1, 1, 3, 3]))),
  );
  assert.match(message, /conv2d has no kernel "nonsense".*tiled, .*broadcast/);
});

test.run();
