// What a caller sees when something does not fit: one typed error that says what, where and what to do.
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Tensor } from "../../../engine/core/tensor.js";
import * as engine from "../../../engine/index.js";
import { ArgumentError, CutgpuError, ShapeError } from "../../../engine/index.js";
import { testGpu } from "../../support/gpu.js";

const gpu = await testGpu("software");
const zeros = (...shape: number[]) => gpu.empty(shape);
const ids = (...shape: number[]) => gpu.empty(shape, "i32");
const head = (w1: Tensor, w2: Tensor) => ({ w1, b1: zeros(w1.shape[0]), w2, b2: zeros(w2.shape[0]) });
const missing = undefined as never;
const nce = { groups: 1, tau: 0.07 };

/** What goes wrong, and what the message must say: the operator first, then shapes as they were given. */
const misfits: [operator: string, says: RegExp, work: () => unknown][] = [
  ["conv2d", /\[2,3,8,8\] has 3 channels.*\[5,4,3,3\]/, () => engine.conv2d(zeros(2, 3, 8, 8), zeros(5, 4, 3, 3))],
  ["conv2d", /got \[3,8,8\]/, () => engine.conv2d(zeros(3, 8, 8), zeros(5, 3, 3, 3))],
  ["conv2d", /bias \[4\].*\[5,3,3,3\]/, () => engine.conv2d(zeros(1, 3, 8, 8), zeros(5, 3, 3, 3), zeros(4))],
  ["conv2d", /\[1,3,2,2\].*smaller than.*\[5,3,3,3\]/, () => engine.conv2d(zeros(1, 3, 2, 2), zeros(5, 3, 3, 3))],
  [
    "conv2d",
    /\[1,3,3,9\].*reflection padding of 3/,
    () => engine.conv2d(zeros(1, 3, 3, 9), zeros(5, 3, 3, 3), undefined, { padding: 3, paddingMode: "reflect" }),
  ],
  [
    "convTranspose2d",
    /\[1,3,4,4\] has 3 channels.*\[5,3,3,3\]/,
    () => engine.convTranspose2d(zeros(1, 3, 4, 4), zeros(5, 3, 3, 3)),
  ],
  [
    "convTranspose2d",
    /output of 12 x 12.*\[1,3,4,4\].*outputPadding/,
    () => engine.convTranspose2d(zeros(1, 3, 4, 4), zeros(3, 5, 4, 4), undefined, { stride: 2, outputPadding: 2 }),
  ],
  ["add", /\[2,3\] and \[2,4\]/, () => engine.add(zeros(2, 3), zeros(2, 4))],
  ["mul", /i32/, () => engine.mul(zeros(2), gpu.tensor(Int32Array.of(1, 2)))],
  ["leakyReluGradient", /\[3\] and \[1,3\]/, () => engine.leakyReluGradient(zeros(3), zeros(1, 3), 0)],
  ["expand", /\[3\] and \[3,4\]/, () => engine.expand(zeros(3), [3, 4])],
  ["expand", /\[3,4\] does not expand to \[1,4\]/, () => engine.expand(zeros(3, 4), [1, 4])],
  ["matmul", /\[2,3\] and \[4,5\]/, () => engine.matmul(zeros(2, 3), zeros(4, 5))],
  ["matmul", /\[2,2,3\].*\[3,3,5\]/, () => engine.matmul(zeros(2, 2, 3), zeros(3, 3, 5))],
  ["matmul", /\[2,1,2,3\].*\[2,3,5\]/, () => engine.matmul(zeros(2, 1, 2, 3), zeros(2, 3, 5))],
  ["matmul", /\[3\].*\[3,5\]/, () => engine.matmul(zeros(3), zeros(3, 5))],
  ["linear", /\[2,3\].*\[5,4\]/, () => engine.linear(zeros(2, 3), zeros(5, 4))],
  [
    "instanceNorm",
    /residual \[1,2,3,3\].*\[1,2,3,4\]/,
    () => engine.instanceNorm(zeros(1, 2, 3, 4), { residual: zeros(1, 2, 3, 3) }),
  ],
  ["reflectionPad2d", /\[1,1,3,3\].*3/, () => engine.reflectionPad2d(zeros(1, 1, 3, 3), 3)],
  ["replicationPad2d", /\[3,3\]/, () => engine.replicationPad2d(zeros(3, 3), 3)],
  ["blurDown", /\[1,1,1,8\]/, () => engine.blurDown(zeros(1, 1, 1, 8))],
  ["blurUp", /\[8\]/, () => engine.blurUp(zeros(8))],
  ["concat", /\[2,3\], \[2,4\]/, () => engine.concat([zeros(2, 3), zeros(2, 4)])],
  ["concat", /the tensors cannot be \[\].*at least one/, () => engine.concat([])],
  ["slice", /1 to 4.*\[3,2\]/, () => engine.slice(zeros(3, 2), 1, 4)],
  ["slice", /axes \[2\].*2 axes/, () => engine.slice(zeros(3, 2), 0, 1, 2)],
  ["concat", /\[2,3\], \[3,3\] differ beyond axis 1/, () => engine.concat([zeros(2, 3), zeros(3, 3)], 1)],
  ["concat", /\[2,3\], \[2\] differ/, () => engine.concat([zeros(2, 3), zeros(2)])],
  ["concat", /\[1,2,3\], \[1,3,3\] differ/, () => engine.stack([zeros(2, 3), zeros(3, 3)])],
  ["split", /sizes \[1,1\] for 3 elements/, () => engine.split(zeros(3, 2), [1, 1])[0]],
  ["permute", /axes \[2\].*2 axes/, () => engine.permute(zeros(2, 3), [0, 2])],
  ["permute", /axes \[1\] are not all of \[2,3\]/, () => engine.permute(zeros(2, 3), [1])],
  ["flip", /axes \[5\]/, () => engine.flip(zeros(2, 3), 5)],
  ["pad", /axis 1 of \[2,3\] is too short/, () => engine.pad(zeros(2, 3), [3, 0], { mode: "reflect" })],
  ["gather", /\[2,3\] do not fit \[3,3\] along axis 1/, () => engine.gather(zeros(3, 3), 1, ids(2, 3))],
  ["gather", /\[3,3\] hold f32/, () => engine.gather(zeros(3, 3), 1, zeros(3, 3))],
  ["indexSelect", /\[2,3\].*one axis/, () => engine.indexSelect(zeros(3, 3), 1, ids(2, 3))],
  ["embedding", /weight is of shape \[3\]/, () => engine.embedding(ids(2), zeros(3))],
  ["argmax", /axes \[2\].*2 axes/, () => engine.argmax(zeros(2, 3), 2)],
  ["maxPool2d", /\[3,3\] with padding \[2,2\]/, () => engine.maxPool2d(zeros(1, 1, 5, 5), 3, { padding: 2 })],
  ["avgPool2d", /\[6,6\].*\[1,1,5,5\]/, () => engine.avgPool2d(zeros(1, 1, 5, 5), 6)],
  ["adaptiveAvgPool2d", /got \[5,5\]/, () => engine.adaptiveAvgPool2d(zeros(5, 5), 2)],
  ["layerNorm", /\[2,3\] does not end with \[2\]/, () => engine.layerNorm(zeros(2, 3), [2])],
  ["layerNorm", /\[2\] does not fit \[2,3\]/, () => engine.layerNorm(zeros(2, 3), [3], { weight: zeros(2) })],
  ["groupNorm", /3 groups.*\[1,4,2,2\]/, () => engine.groupNorm(zeros(1, 4, 2, 2), 3)],
  [
    "conv2d",
    /2 groups of \[1,4,5,5\].*\[3,2,3,3\]/,
    () => engine.conv2d(zeros(1, 4, 5, 5), zeros(3, 2, 3, 3), undefined, { groups: 2 }),
  ],
  [
    "conv2d",
    /\[1,1,3,3\] is larger than \[1,1,4,4\]/,
    () => engine.conv2d(zeros(1, 1, 4, 4), zeros(1, 1, 3, 3), undefined, { dilation: 2 }),
  ],
  [
    "conv2d",
    /border of \[1,2\]/,
    () => engine.conv2d(zeros(1, 1, 4, 4), zeros(1, 1, 3, 3), undefined, { padding: [1, 2], paddingMode: "reflect" }),
  ],
  ["einsum", /"ij" does not name the axes of \[2,3,4\]/, () => engine.einsum("ij,jk->ik", zeros(2, 3, 4), zeros(3, 4))],
  ["einsum", /j is 3 and 4/, () => engine.einsum("ij,jk->ik", zeros(2, 3), zeros(4, 4))],
  ["sum", /axes \[0,2\].*2 axes/, () => engine.sum(zeros(2, 3), [0, 2])],
  ["mean", /axes \[1,-1\]/, () => engine.mean(zeros(2, 3), [1, -1])],
  ["reshape", /\[2,3\] holds 6.*\[4\] would hold 4/, () => engine.reshape(zeros(2, 3), [4])],
  ["gatherPositions", /\[3\] \(f32\).*\[1,2,3,3\]/, () => engine.gatherPositions(zeros(1, 2, 3, 3), zeros(3))],
  ["l2Normalize", /\[1,2,3,3\]/, () => engine.l2Normalize(zeros(1, 2, 3, 3))],
  ["patchNce", /\[6,3\].*\[6,4\]/, () => engine.patchNce(zeros(6, 3), zeros(6, 4), nce)],
  ["patchNce", /6 rows.*4 equal groups/, () => engine.patchNce(zeros(6, 3), zeros(6, 3), { ...nce, groups: 4 })],
  [
    "fusedPatchNce",
    /\[1,3,2,2\].*\[4,5\]/,
    () =>
      engine.fusedPatchNce(
        zeros(1, 3, 2, 2),
        gpu.tensor(Int32Array.of(0)),
        head(zeros(4, 5), zeros(4, 4)),
        zeros(1, 4),
        nce,
      ),
  ],
  [
    "patchKeys",
    /\[1,3,2,2\] do not fit a head of \[4,3\], \[3\]/,
    () => engine.patchKeys(zeros(1, 3, 2, 2), ids(1), { ...head(zeros(4, 3), zeros(4, 4)), b1: zeros(3) }),
  ],
  ["flatten", /the end cannot be 1.*at least 2/, () => engine.flatten(zeros(2, 3, 4), 2, 1)],
  ["split", /a size cannot be 0/, () => engine.split(zeros(3), [3, 0])[0]],
  ["gather", /ids \[2\] do not fit \[2,3\]/, () => engine.gather(zeros(2, 3), 1, ids(2))],
  ["where", /\[2\] and \[3\] do not broadcast/, () => engine.where(zeros(2), zeros(3), 0)],
  ["crossEntropy", /the target \[2\] does not fit \[2\]/, () => engine.crossEntropy(zeros(2), ids(2))],
  ["groupNorm", /the groups cannot be 1.5/, () => engine.groupNorm(zeros(1, 3, 2), 1.5)],
  ["batchNorm2d", /\[4\] has no axis of channels/, () => engine.batchNorm2d(zeros(4))],
  ["conv1d", /\[1,3,4,4\] and weights \[5,3,3\]/, () => engine.conv1d(zeros(1, 3, 4, 4), zeros(5, 3, 3))],
  [
    "convTranspose2d",
    /output of -1 x -1.*\[1,3,1,1\]/,
    () => engine.convTranspose2d(zeros(1, 3, 1, 1), zeros(3, 5, 3, 3), undefined, { padding: 2 }),
  ],
  // What TypeScript refuses, too.
  ["softmax", /axes \[\] do not fit.*from -2 to 1/, () => engine.softmax(zeros(2, 3), missing)],
  ["maximum", /input 1 is no tensor/, () => engine.maximum(zeros(2), 0 as never)],
  ["where", /the condition cannot be true/, () => engine.where(true as never, zeros(2), 0)],
  ["split", /a size cannot be undefined/, () => engine.split(zeros(3), missing)[0]],
  ["variance", /the correction cannot be/, () => engine.variance(zeros(2), 0, {} as never)],
  ["clipGradNorm", /the gradients cannot be.*an array/, () => engine.clipGradNorm(zeros(2) as never, 1).norm],
  ["write", /3 numbers.*\[2\]/, () => zeros(2).write(new Float32Array(3))],
];

for (const [operator, says, work] of misfits) {
  test(`${operator} says what does not fit: ${says.source}`, () => {
    try {
      gpu.scope(work);
    } catch (error) {
      assert.ok(error instanceof ShapeError || error instanceof ArgumentError, String(error));
      const { message, fix } = error as CutgpuError;
      assert.ok(message.startsWith(`${operator}: `), message);
      assert.match(message + fix, says);
      assert.match(fix, /^[A-Z`].*\.$/, `the mend of "${message}"`);
      return;
    }
    assert.unreachable("nothing was thrown");
  });
}

test("every class of errors has a name and a code of its own, and all are CutgpuErrors", () => {
  const classes = Object.entries(engine).filter(
    ([name, value]) => /Error$/.test(name) && (value as unknown) !== CutgpuError,
  ) as unknown as [name: string, type: new (message: string, fix?: string) => CutgpuError][];
  const errors = classes.map(([name, type]) => ({ name, error: new type("what happened", "What to do.") }));
  for (const { name, error } of errors) {
    assert.instance(error, CutgpuError);
    assert.equal([error.name, error.message, error.fix], [name, "what happened", "What to do."]);
  }
  assert.is(new Set(errors.map(({ error }) => error.code)).size, errors.length);
  assert.ok(errors.length >= 12);
});

test.run();
