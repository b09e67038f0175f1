// The chained form: its types, which are compiled strictly as all tests are, what it computes, what it leaves alone.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { addMethods, others } from "../../engine/chained.js";
import { Tensor } from "../../engine/core/tensor.js";
import * as engine from "../../engine/index.js";
import * as operators from "../../engine/operators/public.js";
import { messageOf, testGpu } from "../support/gpu.js";

const test = suite("chained");

type Operators = typeof operators;
type TakesTensor<F> = F extends (first: infer T, ...rest: never[]) => unknown
  ? Tensor extends T
    ? true
    : false
  : never;
/** Does not compile where a function takes a tensor first and is listed as one that does not, or the reverse. */
type Taken = { [K in keyof Operators]: TakesTensor<Operators[K]> };
const held = (taken: Taken): { [K in keyof Operators]: K extends keyof typeof others ? false : true } => taken;

test("every operator that takes a tensor first is a method, and no other is", () => {
  assert.type(held, "function");
  for (const name of Object.keys(operators)) {
    assert.is(name in Tensor.prototype, !(name in others), name);
  }
  assert.ok(Object.keys(operators).length > 90);
});

test("methods are the functions, options, numbers and gradients included", async () => {
  const gpu = await testGpu("software");
  const x = gpu
    .tensor([
      [1, -2],
      [-3, 4],
    ])
    .requireGrad();
  const y: Tensor = x.add(1).mul(x).relu().sum(0);
  assert.equal([...(await y.read())], [8, 22]);
  const [dx] = engine.grad(y.sum(), [x]);
  assert.equal([...(await dx.read())], [3, -3, -5, 9]);
  const parts: Tensor[] = x.transpose(0, 1).split(1, 0);
  assert.equal([...(await parts[1].flatten().read())], [-2, 4]);
  const image = x.reshape([1, 1, 2, 2]);
  assert.equal(image.conv2d(image, undefined, { padding: 1 }).shape, [1, 1, 3, 3]);
  const classes = gpu.tensor(Int32Array.of(0, 1));
  const loss: number = await x.matmul(x, { transposeB: true }).crossEntropy(classes).item();
  assert.is(loss, await engine.crossEntropy(engine.matmul(x, x, { transposeB: true }), classes).item());
});

test("wrong uses do not compile, and say the functions' sentences", async () => {
  const gpu = await testGpu("software");
  const x = gpu.tensor([1, 2]);
  // @ts-expect-error An option that there is not.
  const unknown = () => x.crossEntropy(x, { smoothing: 1 });
  assert.match(messageOf(unknown), /crossEntropy has no option smoothing/);
  // @ts-expect-error No operand.
  const text = () => x.add("one");
  assert.match(messageOf(text), /add: input 1 is no tensor/);
  // @ts-expect-error It takes an array of tensors.
  assert.type(x.concat, "undefined");
});

test("a name that tensors have is left alone, and so is what is listed", () => {
  class Own {
    read(): string {
      return "own";
    }
  }
  addMethods(
    Own.prototype,
    { read: () => "operator", add: (_: Own, b: number) => b + 1, zeros: () => 0 },
    { zeros: 1 },
  );
  const own = new Own() as Own & { add(b: number): number };
  assert.equal([own.read(), own.add(1), "zeros" in own], ["own", 2, false]);
});

test.run();
