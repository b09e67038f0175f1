// Checks an operator with tensors stored as f16, forward and gradients, against the float64 reference at the same
// inputs.
import { grad } from "../../../engine/autograd.js";
import type { Gpu } from "../../../engine/core/gpu.js";
import { float16Bits, float16ToNumber } from "../../../engine/lib/float16.js";
import { Random } from "../../../engine/lib/random.js";
import { cast } from "../../../engine/operators/selection/index.js";
import { type Dense, dense, zeros } from "../../../engine/reference.js";
import { assertClose, download, uniform, upload } from "../../support/gpu.js";
import type { OperatorCase } from "./case.js";

/** Numbers are rounded to 11 bits where they are stored, in a gradient of several operators several times. */
const BOUND = 4e-3;

const rounded = ({ shape, data }: Dense): Dense =>
  dense(shape, Float64Array.from(float16Bits(Float32Array.from(data)), float16ToNumber));

export async function checkHalves(gpu: Gpu, given: OperatorCase, label: string): Promise<void> {
  const exact = given.inputs.map(rounded);
  const expected = given.reference(...exact);
  const dy = rounded(uniform(new Random(7), expected.shape));
  const tensors = gpu.scope(() => {
    const inputs = exact.map((x) => cast(upload(gpu, x), "f16").requireGrad());
    const y = given.forward(...inputs);
    return [y, ...grad(y, inputs, { dy: cast(upload(gpu, dy), y.dtype), allowUnused: true })];
  });
  const [y, ...gradients] = await Promise.all(tensors.map(download));
  for (const tensor of tensors) tensor.dispose();
  assertClose(y, expected, BOUND, `${label}: the output`);
  given.gradient(dy, ...exact).forEach((gradient, i) => {
    const right = gradient ?? zeros(given.inputs[i].shape);
    // Where an operand broadcasts, its gradient is a sum, whose terms are rounded and may cancel.
    const isSum = right.data.length < dy.data.length;
    const bound =
      isSum && gradient ? BOUND * Math.max(1, largest(dy) / (largest(gradient) || Number.POSITIVE_INFINITY)) : BOUND;
    assertClose(gradients[i], right, bound, `${label}: gradient ${i}`);
  });
}

const largest = ({ data }: Dense) => data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
