// One case of an operator against the reference: the output, and the gradients of all inputs.
import { grad } from "../../../engine/autograd.js";
import type { Gpu } from "../../../engine/core/gpu.js";
import { Random } from "../../../engine/lib/random.js";
import { zeros } from "../../../engine/reference.js";
import { assertClose, download, uniform, upload } from "../../support/gpu.js";
import type { OperatorCase } from "./case.js";

/** PyTorch's own float32 is within this of float64; most operators are within 1e-6. */
const BOUND = 2e-5;

/** Fails, with the label, unless output and gradients are within 2e-5 of the reference. */
export async function checkCase(gpu: Gpu, given: OperatorCase, label: string): Promise<void> {
  const expected = given.reference(...given.inputs);
  const dy = uniform(new Random(7), expected.shape);
  const tensors = gpu.scope(() => {
    const inputs = given.inputs.map((x) => upload(gpu, x).requireGrad());
    const y = given.forward(...inputs);
    // Keys of PatchNCE get none, nor does what they are made of.
    return [y, ...grad(y, inputs, { dy: upload(gpu, dy), allowUnused: true })];
  });
  const [y, ...gradients] = await Promise.all(tensors.map(download));
  for (const tensor of tensors) tensor.dispose();
  assertClose(y, expected, BOUND, `${label}: the output`);
  given.gradient(dy, ...given.inputs).forEach((gradient, i) => {
    assertClose(gradients[i], gradient ?? zeros(given.inputs[i].shape), BOUND, `${label}: gradient ${i}`);
  });
}
