// What an app gets wrong, in a table: each use is answered by one error of the engine's, one sentence of what is wrong
// and where, and one of what to do. Everything goes through what users import.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import "../../engine/chained.js";
import * as c from "../../engine/index.node.js";
import { ownGpu, rejectionOf, testGpu } from "../support/gpu.js";

const test = suite("wrong uses");

const gpu = await testGpu("software");
const other = await ownGpu();
test.after(() => other.dispose());

// biome-ignore lint/suspicious/noExplicitAny: TypeScript refuses these, and JavaScript has no types.
const wrong = (value: unknown): any => value;

const x = gpu.tensor([
  [1, 2],
  [3, 4],
]);
const w = gpu.tensor([1, 2]).requireGrad();
const ids = gpu.tensor(Int32Array.of(0, 1));
const image = gpu.empty([1, 2, 4, 4]);
const taps = gpu.empty([2, 2, 3, 3]);
const picture = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
const conv2d = (options: object) => c.conv2d(image, taps, undefined, options);
const transpose = (options: object, bias?: c.Tensor) => c.convTranspose2d(image, taps, bias, options);
const crossEntropy = (options: object) => c.crossEntropy(x, ids, options);
const adam = (options?: object) => new c.Adam(gpu, [gpu.persistent([4])], options);
const named = (name: string) => new Map([[name, w]]);

function disposed(): c.Tensor {
  const tensor = gpu.tensor([1]);
  tensor.dispose();
  return tensor;
}

const nested = () => c.record(gpu, () => gpu.recordInto(wrong(null), () => {}));
const load = (file: unknown) => c.loadParameters(wrong(file), named("w"));
const others = async () => c.loadParameters(await c.saveParameters(named("w")), named("b"));

async function replayed(): Promise<void> {
  const { program } = await c.record(gpu, () => c.square(w));
  program.dispose();
  program.replay();
}

function otherGradient(): void {
  const optimizer = adam();
  optimizer.advance(0.1);
  optimizer.update([gpu.tensor([1])]);
}

function twice(): c.Tensor[] {
  const [features, keys] = [gpu.empty([1, 2, 2, 2]).requireGrad(), gpu.empty([2, 2])];
  const losses = c.fusedPatchNce(features, ids, { w1: keys, b1: w, w2: keys, b2: w }, keys, { groups: 1, tau: 0.07 });
  const [once] = c.grad(c.sum(losses), [features], { createGraph: true });
  return c.grad(c.sum(once), [features]);
}

const binding = "@group(0) @binding(0) var<storage, read_write> y: array<f32>;\n";
const typo = () => c.kernelFromWgsl("typo", `${binding}@compute @workgroup_size(1) fn main() { y[0] = n; }`);
const run = (y: c.Tensor) => gpu.dispatch(typo(), { bindings: { y }, params: {}, grid: 1 } as never);

async function misspelt(): Promise<void> {
  const y = gpu.empty([1]);
  run(y);
  await y.read();
}

/** What is done, in words; the error's class; what it says, the mend included; and how it is done. */
const uses: [use: string, kind: keyof typeof c, says: RegExp, work: () => unknown][] = [
  [
    "rows of several lengths",
    "ArgumentError",
    /length of a row cannot be 1.*one of 2/,
    () => gpu.tensor([[1, 2], [3]]),
  ],
  [
    "text as numbers",
    "ArgumentError",
    /tensor: an element cannot be "1, 2".*a number/,
    () => gpu.tensor(wrong("1, 2")),
  ],
  ["BigInts", "ArgumentError", /cannot be \[object BigInt64Array\]/, () => gpu.tensor(wrong(new BigInt64Array(2)))],
  ["an object as numbers", "ArgumentError", /cannot be .*an array of numbers/, () => gpu.tensor(wrong({ length: 2 }))],
  ["numbers that do not fill a shape", "ShapeError", /3 numbers for a tensor/, () => gpu.tensor([1, 2, 3], [2, 2])],
  ["a broken number for i32", "ArgumentError", /cannot be 0.5.*a whole number of 32 bits/, () => ids.write([0.5, 1])],
  ["too many numbers", "ShapeError", /write: 5 numbers.*Give 4/, () => x.write([1, 2, 3, 4, 5])],
  ["a tensor given to write", "ArgumentError", /an element cannot be \[object Object\]/, () => x.write(wrong(x))],
  ["a negative size", "ArgumentError", /the shape cannot be \[-1\]/, () => gpu.empty([-1])],
  ["half a size", "ArgumentError", /the shape cannot be \[1.5\]/, () => gpu.empty([1.5])],
  [
    "a tensor that no buffer holds",
    "LimitError",
    /needs \d+ MiB.*adapter allows.*smaller tensors/,
    () => gpu.empty([1e10]),
  ],
  [
    "a forgotten requireGrad",
    "GradientError",
    /input 0 .* does not require a grad.*requireGrad/,
    () => c.grad(c.sum(c.mul(w, x)), [x]),
  ],
  [
    "a gradient of several numbers",
    "ShapeError",
    /the output has shape \[2\].*Reduce it/,
    () => c.grad(c.mul(w, w), [w]),
  ],
  ["a gradient wanted of i32", "GradientError", /a tensor of i32 has no gradient.*cast/, () => ids.requireGrad()],
  ["a second derivative that there is not", "GradientError", /fusedPatchNce cannot be differentiated/, twice],
  [
    "groups that do not divide",
    "ShapeError",
    /conv2d: 2 groups of \[1,2,4,4\] do not fit/,
    () => conv2d({ groups: 2 }),
  ],
  ["half a dilation", "ArgumentError", /conv2d: dilation cannot be 1.5/, () => conv2d({ dilation: 1.5 })],
  ["half a padding", "ArgumentError", /conv2d: padding cannot be 0.5/, () => conv2d({ padding: 0.5 })],
  ["padding by a word", "ArgumentError", /conv2d: padding cannot be "same"/, () => conv2d({ padding: "same" })],
  [
    "another padding mode",
    "ArgumentError",
    /paddingMode cannot be "replicate".*"zeros"/,
    () => conv2d({ paddingMode: "replicate" }),
  ],
  ["a misspelt option", "ArgumentError", /conv2d has no option strides.*stride, padding/, () => conv2d({ strides: 2 })],
  [
    "a profile that there is not",
    "ArgumentError",
    /profile cannot be "cuda".*"gpu"/,
    () => c.openGpu(wrong({ profile: "cuda" })),
  ],
  ["PyTorch's lr for Adam", "ArgumentError", /Adam has no option lr.*beta1/, () => adam({ lr: 0.1 })],
  [
    "an async step",
    "ArgumentError",
    /record: what is async runs outside of it.*Await/,
    () => c.record(gpu, async () => c.square(w)),
  ],
  [
    "an async scope",
    "ArgumentError",
    /scope: what is async runs outside of it.*Await/,
    () => gpu.scope(async () => c.square(w)),
  ],
  [
    "an async noGrad",
    "ArgumentError",
    /noGrad: what is async runs outside of it.*Await/,
    () => gpu.noGrad(async () => c.square(w)),
  ],
  ["a program replayed after dispose()", "DisposedError", /replay: the program was disposed/, replayed],
  [
    "a tensor used after dispose()",
    "DisposedError",
    /square: an input of shape \[1\] was disposed/,
    () => c.square(disposed()),
  ],
  ["a tensor read after dispose()", "DisposedError", /shape \[1\] was used after dispose/, () => disposed().read()],
  ["a gradient of another shape", "ShapeError", /the gradient \[1\] does not fit the parameter 0 \[4\]/, otherGradient],
  [
    "advance() without a rate",
    "ArgumentError",
    /advance: the learning rate cannot be undefined/,
    () => wrong(adam()).advance(),
  ],
  ["a recording inside another", "RecordingError", /a program is already being recorded/, nested],
  [
    "a tensor written while it is recorded",
    "RecordingError",
    /no content until/,
    () => c.record(gpu, () => c.square(w).write([1, 2])),
  ],
  [
    "a picture taken while recording",
    "RecordingError",
    /fromImage cannot be part of a program/,
    () => c.record(gpu, () => c.fromImage(gpu, picture)),
  ],
  ["a kernel with a misspelt name", "GpuError", /typo.wgsl:2:48: unresolved value 'n'/, misspelt],
  [
    "the same, recorded",
    "GpuError",
    /typo did not compile: typo.wgsl:2:48/,
    () => c.record(gpu, () => run(gpu.empty([1]))),
  ],
  [
    "a kernel without one of its bindings",
    "ShapeError",
    /typo: the binding y has no tensor of this device/,
    () => run(wrong(undefined)),
  ],
  [
    "a text that is no kernel",
    "ShapeError",
    /kernel none: it has 0 compute entry points/,
    () => c.kernelFromWgsl("none", "fn main() {}"),
  ],
  ["copyFrom of another shape", "ShapeError", /copyFrom: f32 \[2\] does not fit f32 \[2,2\]/, () => x.copyFrom(w)],
  [
    "tensors of two devices",
    "ShapeError",
    /add: the inputs are on different devices/,
    () => c.add(w, other.tensor([1, 2])),
  ],
  [
    "shapes that do not broadcast",
    "ShapeError",
    /add: shapes \[2,2\] and \[3\] do not broadcast/,
    () => c.add(x, gpu.tensor([1, 2, 3])),
  ],
  ["an axis that there is not", "ShapeError", /mean: axes \[2\].*-2 to 1/, () => c.mean(x, 2)],
  ["a word as an axis", "ShapeError", /mean: axes \[rows\]/, () => c.mean(x, wrong("rows"))],
  ["item() of several numbers", "ShapeError", /item: .*holds 4 numbers/, () => x.item()],
  ["another number of elements", "ShapeError", /reshape: \[2,2\] holds 4 numbers and \[3\]/, () => c.reshape(x, [3])],
  [
    "an array in the place of a tensor",
    "ShapeError",
    /relu: input 0 is no tensor.*gpu.tensor/,
    () => c.relu(wrong([1, 2])),
  ],
  ["concat without an array", "ArgumentError", /concat: the tensors cannot be.*an array/, () => wrong(c.concat)(x, x)],
  [
    "both sizes of interpolate",
    "ArgumentError",
    /one of size and scaleFactor/,
    () => c.interpolate(image, { size: 2, scaleFactor: 2 }),
  ],
  ["bytes that are no safetensors", "FormatError", /loadParameters: the file/, () => load(new Uint8Array(20))],
  [
    "a fetched ArrayBuffer as a file",
    "ArgumentError",
    /the file cannot be .*a Uint8Array/,
    () => load(new ArrayBuffer(20)),
  ],
  [
    "an array of parameters saved",
    "ArgumentError",
    /the parameters cannot be.*a Map/,
    () => c.saveParameters(wrong([w])),
  ],
  ["a file of other parameters", "FormatError", /the file holds w, which is no parameter/, others],
  ["a tuning table that is none", "FormatError", /has version undefined and not 1/, () => c.parseTuning("{}")],
  ["i32 with f32", "ShapeError", /add: i32 \[2\] and f32 \[2\] do not mix.*cast/, () => c.add(ids, w)],
  ["half a number with i32", "ArgumentError", /mul: a number with i32 cannot be 0.5/, () => c.mul(ids, 0.5)],
  ["a quotient of i32", "ShapeError", /div: an input of shape \[2\] holds i32/, () => c.div(ids, 2)],
  ["concat of i32 and f32", "ShapeError", /concat: f32 \[2\] and i32 \[2\] do not mix.*cast/, () => c.concat([w, ids])],
  ["where of i32 and f32", "ShapeError", /where: i32 .* and f32 .* do not mix.*cast/, () => c.where(w, ids, x)],
  ["two numbers compared", "ArgumentError", /gt: an operand with a number cannot be 2.*a tensor/, () => c.gt(1, 2)],
  ["classes as floats", "ShapeError", /crossEntropy: the target holds f32.*i32/, () => c.crossEntropy(x, w)],
  [
    "classes of another shape",
    "ShapeError",
    /nllLoss: the target \[2,1\] does not fit/,
    () => c.nllLoss(x, c.unsqueeze(ids, 1)),
  ],
  [
    "weights of other classes",
    "ShapeError",
    /the weight \[3\] does not fit 2 classes/,
    () => crossEntropy({ weight: gpu.tensor([1, 2, 3]) }),
  ],
  [
    "an array as weight",
    "ArgumentError",
    /crossEntropy: weight cannot be \[1,2\].*a tensor/,
    () => crossEntropy({ weight: [1, 2] }),
  ],
  [
    "another reduction",
    "ArgumentError",
    /reduction cannot be "batchmean".*"mean"/,
    () => crossEntropy({ reduction: "batchmean" }),
  ],
  [
    "more smoothing than there is",
    "ArgumentError",
    /crossEntropy: labelSmoothing cannot be 10.*from 0 to 1/,
    () => crossEntropy({ labelSmoothing: 10 }),
  ],
  ["a size in the place of a shape", "ArgumentError", /full: the shape cannot be 3/, () => c.zeros(gpu, wrong(3))],
  [
    "half a class ignored",
    "ArgumentError",
    /crossEntropy: ignoreIndex cannot be 0.5/,
    () => crossEntropy({ ignoreIndex: 0.5 }),
  ],
  [
    "PyTorch's ignore_index",
    "ArgumentError",
    /has no option ignore_index.*ignoreIndex/,
    () => crossEntropy({ ignore_index: 1 }),
  ],
  [
    "groups that do not divide a transpose",
    "ShapeError",
    /convTranspose2d: 3 groups of .* do not fit/,
    () => transpose({ groups: 3 }),
  ],
  [
    "a bias of a grouped transpose",
    "ShapeError",
    /convTranspose2d: the bias is \[2\].*\[4\]/,
    () => transpose({ groups: 2 }, w),
  ],
  [
    "an outputPadding of a stride",
    "ShapeError",
    /an output of 7 x 7.*smaller than the stride/,
    () => transpose({ groups: 2, outputPadding: 1 }),
  ],
  [
    "an average of no parts",
    "ArgumentError",
    /adaptiveAvgPool2d: the size cannot be \[0,2\]/,
    () => c.adaptiveAvgPool2d(image, [0, 2]),
  ],
  ["an average of what is no image", "ShapeError", /expected \[batch.*got \[2,2\]/, () => c.adaptiveAvgPool2d(x, 2)],
  [
    "a method's misspelt option",
    "ArgumentError",
    /matmul has no option transpose.*transposeA/,
    () => x.matmul(x, wrong({ transpose: true })),
  ],
  ["text as a method's operand", "ShapeError", /add: input 1 is no tensor/, () => x.add(wrong("one"))],
];

for (const [use, kind, says, work] of uses) {
  test(`${use}: one sentence`, async () => {
    const error = await rejectionOf((async () => work())());
    assert.instance(error, c.CutgpuError);
    const { name, message, fix } = error as c.CutgpuError;
    assert.is(name, kind);
    assert.match(`${message}. ${fix}`, says);
    assert.not.match(message + fix, /\n|undefined is not|cannot read|--\w/i);
    assert.match(fix, /^$|^[A-Z`].*\.$/);
  });
}

test("there are more than forty, each another", () => {
  assert.ok(uses.length > 40);
  assert.is(new Set(uses.map(([, , says]) => says.source)).size, uses.length);
});

test.run();
