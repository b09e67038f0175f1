// Observers hear of operators with their cost and of dispatches, while they are there, and change nothing.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { DispatchCall, OperatorCall } from "../../../engine/core/observers.js";
import { matmul } from "../../../engine/index.js";
import { testGpu } from "../../support/gpu.js";

test("an operator is reported with nominal FLOPs and the bytes that must move, and so is its dispatch", async () => {
  const gpu = await testGpu("software");
  const [a, b] = [gpu.tensor([1, 2, 3, 4, 5, 6], [2, 3]), gpu.tensor([1, 2, 3], [3, 1])];
  const before = [...(await matmul(a, b).read())];
  const calls: OperatorCall[] = [];
  const dispatches: DispatchCall[] = [];
  const remove = gpu.observers.add({
    onOperator: (call) => calls.push(call),
    onDispatch: (call) => dispatches.push(call),
  });
  assert.ok(gpu.observers.any);
  assert.equal([...(await matmul(a, b).read())], before);
  remove();
  matmul(a, b);
  assert.not(gpu.observers.any);
  assert.equal(calls, [{ operator: "matmul", flops: 12, bytes: 44 }]);
  assert.is(dispatches.length, 1);
  assert.match(dispatches[0].source.name, /^matmul/);
});

test.run();
