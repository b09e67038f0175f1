// Operators with tensors stored as f16, forward and gradients, against the float64 reference at the same inputs: the
// text of every kernel as it is rewritten for f16. A few are walked on the gpu profile, at the first of their cases;
// `npm run test:half` walks all cases of all, on both profiles and with every variant.
import { test } from "uvu";
import { grad } from "../../engine/core/autograd.js";
import { float16Bits, float16ToNumber } from "../../engine/core/float16.js";
import type { Gpu } from "../../engine/device/gpu.js";
import { type Dense, dense, zeros } from "../../engine/operators/reference.js";
import { cast } from "../../engine/operators/selection/index.js";
import { Random } from "../../engine/random.js";
import { assertClose, download, halfGpu, profiles, uniform, upload } from "../support/gpu.js";
import type { OperatorCase } from "./support/case.js";
import { operatorCases } from "./support/cases.js";
import { forcedInTurn } from "./support/variants.js";

/** Numbers are rounded to 11 bits where they are stored, in a gradient of several operators several times. */
const BOUND = 4e-3;

const all = process.env["HALF"] === "all";
const USUAL = ["conv2d", "instanceNorm", "reflectionPad2d", "blurDown", "blurUp", "relu", "add", "tanh", "concat"];
const walked = [...operatorCases]
  .filter(([operator]) => all || USUAL.includes(operator))
  .filter(([operator]) => (process.env["OPERATOR"] ?? operator) === operator);

const rounded = ({ shape, data }: Dense): Dense =>
  dense(shape, Float64Array.from(float16Bits(Float32Array.from(data)), float16ToNumber));

/** Whether f16 has numbers as large as a case's inputs. */
const fits = ({ inputs }: OperatorCase) => inputs.every(({ data }) => data.every((value) => Math.abs(value) < 65504));

async function checkHalves(gpu: Gpu, given: OperatorCase, label: string): Promise<void> {
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
    assertClose(gradients[i], gradient ?? zeros(given.inputs[i].shape), BOUND, `${label}: gradient ${i}`);
  });
}

for (const profile of profiles.filter((name) => all || name === "gpu")) {
  for (const [operator, { cases }] of walked) {
    test(`${operator} in f16 on ${profile}`, async () => {
      const gpu = await halfGpu(profile);
      for (const forced of all ? forcedInTurn(gpu, operator) : [{}]) {
        await gpu.variants.force(forced, async () => {
          for (const given of (all ? cases : cases.slice(0, 2)).filter(fits))
            await checkHalves(gpu, given, `${given.title} ${Object.values(forced)[0] ?? ""}`);
        });
      }
    });
  }
}

test.run();
