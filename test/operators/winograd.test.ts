// Winograd's convolutions with the transforms that a GPU gets, written out (test/operators/tiles.test.ts has its
// products), in every form of them: rows that are whole vec4s behind borders of 0, 1 and 2 pixels, mirrored ones, rows
// of any length, tiles of 3 and 4 pixels, tiles that no image has. Forward, and the gradients of input, weights, bias.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { grad } from "../../engine/autograd.js";
import type { Gpu } from "../../engine/core/gpu.js";
import { conv2d as convolve } from "../../engine/index.js";
import { Random } from "../../engine/lib/random.js";
import { ownGpu, uniform, upload } from "../support/gpu.js";
import { conv2d } from "./convolution.js";
import type { OperatorCase } from "./support/case.js";
import { checkCase } from "./support/check.js";
import { everywhere } from "./support/variants.js";

const test = suite("Winograd's convolutions on GPUs");
let gpu: Gpu;
test.before(async () => {
  gpu = await ownGpu("gpu");
});
test.after(() => gpu.dispose());

/** Cases, and the constants and kernels by which one sees that their transforms were the intended. */
const cases: readonly [OperatorCase, forms: readonly string[]][] = [
  [
    conv2d([2, 3, 8, 12], [5, 3, 3, 3], { padding: 1 }),
    ["winograd_input VEC4_AT=1", "winograd_output_vec4", "winograd_output_gradient VEC4=true"],
  ],
  [conv2d([3, 5, 5, 8], [1, 5, 3, 3], { padding: 1, paddingMode: "reflect" }), ["winograd_input VEC4_AT=1"]],
  // Without a border the input's gradient has one of two pixels.
  [conv2d([1, 33, 6, 8], [3, 33, 3, 3], {}, false), ["winograd_input VEC4_AT=0"]],
  [conv2d([2, 1, 6, 6], [33, 1, 3, 3], {}), ["winograd_input VEC4_AT=2", "winograd_output "]],
  // Beyond a mirrored border of two pixels no vec4 of x lies in order.
  [conv2d([1, 3, 5, 8], [5, 3, 3, 3], { padding: 2, paddingMode: "reflect" }), ["winograd_input VEC4_AT=6"]],
  [conv2d([3, 3, 7, 11], [5, 3, 3, 3], { padding: 1 }), ["winograd_output_gradient VEC4=false"]],
  [conv2d([2, 5, 9, 8], [3, 5, 4, 4], { padding: 1 }), ["winograd_input VEC4_AT=6", "winograd_output R=4"]],
  [conv2d([1, 1, 1, 1], [1, 1, 3, 3], { padding: 1 }), []],
];

for (const [given, forms] of cases) {
  test(given.title, async () => {
    const seen: string[] = [];
    const unobserve = gpu.observers.add({
      onDispatch({ source, constants }) {
        seen.push([source.name, ...Object.entries(constants).map(([name, value]) => `${name}=${value}`)].join(" "));
      },
    });
    await gpu.variants.force(everywhere("winograd"), () => checkCase(gpu, given, given.title));
    unobserve();
    for (const form of forms) {
      const [name, constant] = form.split(" ");
      const took = seen.some((each) => each.split(" ")[0] === name && each.includes(constant ?? ""));
      assert.ok(took, `${form} was not among ${[...new Set(seen)].join("; ")}`);
    }
    assert.ok(seen.some((each) => each.startsWith("winograd_weight_gradient ")));
  });
}

test("the same bits on every run", async () => {
  const [x, w] = [
    [2, 5, 9, 8],
    [3, 5, 3, 3],
  ].map((shape) => uniform(new Random(1), shape));
  const run = () =>
    gpu.variants.force(everywhere("winograd"), async () => {
      const [input, weights] = [upload(gpu, x).requireGrad(), upload(gpu, w).requireGrad()];
      const y = convolve(input, weights, undefined, { padding: 1 });
      const gradients = grad(y, [input, weights], { dy: gpu.tensor(new Float32Array(y.size).fill(0.3), y.shape) });
      return Promise.all([y, ...gradients].map((tensor) => tensor.read()));
    });
  assert.equal(await run(), await run());
});

test.run();
