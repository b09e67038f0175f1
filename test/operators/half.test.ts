// Operators with tensors stored as f16, forward and gradients, against the float64 reference at the same inputs: the
// text of every kernel as it is rewritten for f16. A few are walked on the gpu profile, at the first of their cases;
// `npm run test:half` walks all cases of all, on both profiles and with every variant.
import { test } from "uvu";
import { halfGpu, profiles } from "../support/gpu.js";
import { onHalves } from "../support/half.js";
import type { OperatorCase } from "./support/case.js";
import { operatorCases } from "./support/cases.js";
import { checkHalves } from "./support/half.js";
import { forcedInTurn } from "./support/variants.js";

const all = process.env["HALF"] === "all";
const USUAL = ["conv2d", "instanceNorm", "reflectionPad2d", "blurDown", "blurUp", "relu", "add", "tanh", "concat"];
const walked = [...operatorCases]
  .filter(([operator]) => all || USUAL.includes(operator))
  .filter(([operator]) => (process.env["OPERATOR"] ?? operator) === operator);

/** Whether f16 has numbers as large as a case's inputs. */
const fits = ({ inputs }: OperatorCase) => inputs.every(({ data }) => data.every((value) => Math.abs(value) < 65504));

for (const profile of profiles.filter((name) => all || name === "gpu")) {
  for (const [operator, { cases }] of walked) {
    onHalves(test)(`${operator} in f16 on ${profile}`, async () => {
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
