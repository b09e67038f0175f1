// The debug mode: leaks, NaN and memory that nobody wrote to are told of once, with the place; a sound program is not
// disturbed.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { add, div, record, square, sub } from "../../../engine/index.js";
import { openGpu } from "../../../engine/open/node.js";

async function debugging() {
  const told: string[] = [];
  const gpu = await openGpu({ profile: "software", debug: true, notify: (message) => told.push(message) });
  told.length = 0;
  return { gpu, told };
}

test("the first operator that makes a NaN is named with its place, and no other", async () => {
  const { gpu, told } = await debugging();
  const x = gpu.tensor([1, 0]);
  const sound = square(x);
  const y = add(div(x, sub(x, 0)), sound);
  await y.read();
  assert.is(told.length, 1);
  assert.match(told[0], /^div \[2\] is the first with a NaN, or read memory nobody wrote to: at .*debug\.test/);
  gpu.dispose();
});

test("memory that nobody wrote to shows", async () => {
  const { gpu, told } = await debugging();
  await square(gpu.empty([3])).read();
  assert.match(told.join(), /^square \[3\]/);
  gpu.dispose();
});

test("tensors that pile up outside of scopes are told of once; in scopes, or disposed, they do not", async () => {
  const { gpu, told } = await debugging();
  const x = gpu.tensor([2]);
  for (let i = 0; i < 1200; i++) gpu.scope(() => void square(x));
  for (let i = 0; i < 1200; i++) square(x).dispose();
  await gpu.finish();
  assert.equal(told, []);
  for (let i = 0; i < 2400; i++) square(x);
  await gpu.finish();
  assert.is(told.length, 1);
  assert.match(told[0], /^tensors pile up outside of any scope, as here: at .*debug\.test.*gpu\.scope/);
  gpu.dispose();
});

test("programs run as they do without it", async () => {
  const { gpu, told } = await debugging();
  const x = gpu.tensor([3]);
  const { program, result } = await record(gpu, () => square(x));
  program.replay();
  assert.is(await result.item(), 9);
  assert.equal(told, []);
  gpu.dispose();
});

test.run();
