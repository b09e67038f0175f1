// Every public function that takes tensors, each of these in turn left out or exchanged for what is none, is disposed,
// belongs to another engine or holds the other dtype. The answer is an error of the engine's, one sentence that names a
// function, or what is listed here as allowed; the engine can be used afterwards.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as c from "../../engine/index.js";
import * as operators from "../../engine/operators/public.js";
import { ownGpu } from "../support/gpu.js";

const test = suite("wrong tensors");

const gpu = await ownGpu();
const other = await ownGpu();
test.after(() => {
  gpu.dispose();
  other.dispose();
});

const floats = (...shape: number[]) => c.ones(gpu, shape);
const x = floats(2, 2);
const v = floats(2);
const ids = gpu.tensor(Int32Array.of(0, 1));
const image = floats(1, 2, 4, 4);
const taps = floats(2, 2, 3, 3);
const weight = gpu.tensor([1, 2]).requireGrad();
const head = { w1: x, b1: v, w2: x, b2: v };
const affine = { weight: v, bias: v };
const averages = { runningMean: floats(2), runningVar: floats(2) };
const nce = { groups: 1, tau: 0.07 };
const monce = { ...nce, cost: "hard", eps: 1, negTermWeight: 1, rounds: 2, planDetached: true };

const words = (text: string): string[] => text.split(" ");
/** They take a number, too, in the place of either tensor. */
const withNumbers = words("add sub mul div eq ne ge gt le lt bceWithLogits l1Loss mseLoss smoothL1Loss");
/** They take floats and integers; so does grad, since gradients through integers are 0. */
const ofBoth = words(
  "cast expand flatten flip interpolate keepForBackward loadParameters lossGradient pad permute reshape " +
    "saveParameters slice split squeeze toImageData transpose unsqueeze",
);
/** They take no tensor, or are of the browser, whose tests call them. */
const others = words("arange eye fromImage full ones toCanvas zeros");

/** The arguments of every operator; those that are not listed take one matrix. */
const listed: [call: string, ...args: unknown[]][] = [
  ["adaptiveAvgPool2d", image, 2],
  ["avgPool2d", image, 2],
  ["batchNorm2d", image, { ...affine, ...averages }],
  ["batchNorm2d", image, { ...averages, training: false }],
  ["blurDown", image],
  ["blurUp", image],
  ["cast", x, "i32"],
  ["clamp", x, 0, 1],
  ["concat", [x, x]],
  ["conv1d", floats(1, 2, 4), floats(2, 2, 3), v],
  ["conv2d", image, taps, v],
  ["convTranspose2d", image, taps, v],
  ["crossEntropy", x, ids, { weight: v }],
  ["dropout", x, 0.5, ids],
  ["einsum", "ij,jk->ik", x, x],
  ["embedding", ids, x],
  ["expand", v, [2, 2]],
  ["flip", x, 0],
  ["fusedPatchNce", image, ids, head, image, nce],
  ["fusedPatchNce", image, ids, head, x, nce],
  ["gather", x, 1, gpu.tensor(Int32Array.of(0, 1), [2, 1])],
  ["gatherPositions", image, ids],
  ["groupNorm", image, 2, affine],
  ["hdce", x, x, floats(1), { ...nce, related: 2 }],
  ["indexSelect", x, 0, ids],
  ["instanceNorm", image, { residual: image }],
  ["interpolate", image, { size: 2 }],
  ["layerNorm", x, [2], affine],
  ["leakyReluGradient", x, x, 0.2],
  ["linear", x, x, v],
  ["logSoftmax", x, 1],
  ["matmul", x, x],
  ["maxPool2d", image, 2],
  ["monce", x, x, monce],
  ["nllLoss", x, ids, { weight: v }],
  ["pad", x, [1, 1]],
  ["patchKeys", image, ids, head],
  ["patchKeys", image, ids, null],
  ["patchNce", x, x, nce],
  ["permute", x, [1, 0]],
  ["pow", x, 2],
  ["rand", gpu, [2], ids],
  ["randn", gpu, [2], ids],
  ["reflectionPad2d", image, 1],
  ["replicationPad2d", image, 1],
  ["reshape", x, [4]],
  ["scale", x, 2],
  ["slice", x, 0, 1],
  ["softmax", x, 1],
  ["split", x, 1],
  ["stack", [x, x]],
  ["toImageData", floats(1, 3, 1, 1)],
  ["unsqueeze", x, -1],
  ["where", x, x, v],
  ...[...withNumbers, "maximum", "minimum"].map((name): [string, ...unknown[]] => [name, x, v]),
];

type Call = (...args: never[]) => unknown;
const optimizer = (gradients: c.Tensor[]) => {
  const adam = new c.Adam(gpu, [floats(2)]);
  adam.advance(0.1);
  adam.update(gradients);
};
const named = (tensor: c.Tensor) => new Map([["w", tensor]]);
const beyondOperators: [name: string, call: Call, ...args: unknown[]][] = [
  ["AveragedParameters", (p: c.Tensor) => new c.AveragedParameters(gpu, named(p), 0.5), v],
  ["Adam", (parameters: c.Tensor[]) => new c.Adam(gpu, parameters), [v]],
  ["Adam.update", optimizer, [v]],
  ["backward", (dy: c.Tensor) => c.backward(c.square(weight), { dy }), v],
  ["clipGradNorm", c.clipGradNorm, [v, x], 1],
  ["copyFrom", (y: c.Tensor) => floats(2).copyFrom(y), v],
  ["copyFrom, recorded", (y: c.Tensor) => c.record(gpu, () => floats(2).copyFrom(y)), v],
  ["grad", (y: c.Tensor) => c.grad(y, [weight]), c.sum(weight)],
  ["grad of", (w: c.Tensor) => c.grad(c.sum(weight), [w]), weight],
  ["keepForBackward", c.keepForBackward, x],
  ["loadParameters", async (p: c.Tensor) => c.loadParameters(await c.saveParameters(named(v)), named(p)), floats(2)],
  ["lossGradient", (loss: c.Tensor) => new c.LossScaler(gpu).lossGradient(loss), floats(1)],
  ["saveParameters", (p: c.Tensor) => c.saveParameters(named(p)), v],
];

const zeros = ({ dtype, size }: c.Tensor) => (dtype === "i32" ? new Int32Array(size) : new Float32Array(size));
function disposed({ shape, dtype }: c.Tensor): c.Tensor {
  const tensor = gpu.empty(shape, dtype);
  tensor.dispose();
  return tensor;
}
const castOf = (of: c.Tensor) => c.cast(of, of.dtype === "i32" ? "f32" : "i32");

/**
 * What is given in place of a tensor, and where it is allowed: names of functions with the place of the argument. By
 * itself every tensor of another engine is right, since its engine does the work.
 */
const wrongs: [kind: string, make: (of: c.Tensor) => unknown, allowed: RegExp][] = [
  ["nothing", () => undefined, /^conv\w+ 2$|^linear 2$| \d\.(weight|bias|residual|running\w+)$|^backward 0$/],
  ["null", () => null, /^conv\w+ 2$|^linear 2$/],
  ["a number", () => 2, new RegExp(`^(${withNumbers.join("|")}|where|dropout|rand|randn) \\d$`)],
  ["text", () => "text", /^$/],
  ["an array", () => [1, 2], /^$/],
  ["an object", () => ({}), /^$/],
  ["a tensor of a file", ({ shape }) => ({ dtype: "F32", shape, data: new Float32Array(4) }), /^$/],
  ["a disposed tensor", disposed, /^(Adam 0|lossGradient|keepForBackward)/],
  [
    "another engine's",
    (of) => other.tensor(zeros(of), of.shape),
    /^(lossGradient|keepForBackward|(save|load)Parameters)/,
  ],
  [
    "the other dtype",
    castOf,
    new RegExp(`^(${ofBoth.join("|")}) |^(embedding 1|gather 0|indexSelect 0|where 0|grad 0)$`),
  ],
];

const isTensor = (value: unknown): value is c.Tensor => value instanceof c.Tensor;

/** Every place of a tensor among the arguments, by itself or in an array or object, and how to put a value there. */
function placesOf(args: readonly unknown[]): [place: string, tensor: c.Tensor, put: (value: unknown) => unknown[]][] {
  return args.flatMap((arg, i): ReturnType<typeof placesOf> => {
    if (isTensor(arg)) return [[`${i}`, arg, (value) => args.with(i, value)]];
    if (!Array.isArray(arg) && Object.getPrototypeOf(arg ?? 0) !== Object.prototype) return [];
    return Object.entries(arg as object)
      .filter(([, value]) => isTensor(value))
      .map(([key, tensor]) => {
        const put = (value: unknown) =>
          Array.isArray(arg) ? arg.with(Number(key), value) : { ...(arg as object), [key]: value };
        return [`${i}.${key}`, tensor, (value) => args.with(i, put(value))];
      });
  });
}

const byName = new Map<string, unknown>(Object.entries(operators).filter(([, value]) => typeof value === "function"));
const unlisted = [...byName.keys()].filter((name) => !others.includes(name) && !listed.some(([one]) => one === name));
const calls = [
  ...[...listed, ...unlisted.map((name): (typeof listed)[number] => [name, x])].map(
    ([name, ...args]): (typeof beyondOperators)[number] => [name, byName.get(name) as Call, ...args],
  ),
  ...beyondOperators,
];

async function errorOf(call: Call, args: unknown[]): Promise<unknown> {
  try {
    await call(...(args as never[]));
  } catch (error) {
    return error;
  }
  return undefined;
}

function checkSentence(error: unknown, what: string): void {
  assert.instance(error, c.CutgpuError, `${what}: ${error}`);
  const { message, fix } = error as c.CutgpuError;
  assert.match(message, /^[\w.]+: |^a tensor of shape .* was used after dispose/, what);
  assert.not.match(message, /\[undefined\]|holds? undefined/, what);
  assert.match(fix, /^$|^[A-Z`].*\.$/, message);
}

for (const [kind, make, allowed] of wrongs) {
  test(`${kind} in the place of a tensor`, async () => {
    for (const [name, call, ...args] of calls) {
      const places = placesOf(args);
      assert.ok(places.length, name);
      for (const [place, tensor, put] of places) {
        const what = `${name} ${place}`;
        const error = await errorOf(call, put(make(tensor)));
        await gpu.finish();
        const alone = kind === "another engine's" && places.length === 1 && byName.has(name);
        if (error || !(alone || allowed.test(what))) checkSentence(error, `${what}, ${kind}`);
      }
    }
  });
}

test("the arguments are right as they stand there", async () => {
  for (const [name, call, ...args] of calls) if (name !== "toImageData") await call(...(args as never[]));
  await gpu.finish();
});

test("every operator without anything", async () => {
  const takesEngine = [...others, "rand", "randn"].filter((name) => name !== "toCanvas");
  const functions = [...byName].filter(([name]) => !takesEngine.includes(name));
  for (const [name, operator] of functions) checkSentence(await errorOf(operator as Call, []), name);
  for (const call of [c.grad, c.backward, c.clipGradNorm, c.multiStepLr, c.keepForBackward])
    checkSentence(await errorOf(call as Call, []), call.name);
});

test.run();
