// Calls from plain JavaScript that leave out a tensor: every operator that cannot do without it says so in an error of
// the engine's, which names the operator, or the one that it is composed of.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as engine from "../../engine/index.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import * as operators from "../../engine/operators/public.js";
import { testGpu, upload } from "../support/gpu.js";
import { operatorCases } from "./support/cases.js";

const missing = undefined as never;

/** They take an engine first, and no tensor. */
const takesEngine = ["arange", "eye", "full", "ones", "rand", "randn", "zeros"];

/** CUT's own, whose operands come from its networks. */
const ofCut = ["patchKeys", "fusedPatchNce"];

/** Throws unless `work` succeeds, or fails with an error of the engine's about what is missing. */
async function checkRefusal(name: string, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    // Some cases ask the tensor for its engine before they call the operator.
    if (/^.*\n.*\/test\/operators\//.test((error as Error).stack ?? "")) return;
    assert.instance(error, CutgpuError, `${name}: ${error}`);
    const { message, fix } = error as CutgpuError;
    assert.match(message, /^\w+: .*(is no tensor|cannot be)/, name);
    assert.match(fix, /^[A-Z`].*\.$/, message);
  }
}

for (const [operator, { cases }] of operatorCases) {
  if (ofCut.includes(operator)) continue;
  test(`${operator} without one of its tensors`, async () => {
    const gpu = await testGpu("software");
    for (const { inputs, forward } of cases.slice(0, 6)) {
      const tensors = inputs.map((x) => upload(gpu, x));
      for (const i of tensors.keys()) {
        await checkRefusal(operator, () => void gpu.scope(() => forward(...tensors.with(i, missing))));
      }
      for (const tensor of tensors) tensor.dispose();
    }
  });
}

test("every operator without anything", async () => {
  for (const [name, operator] of Object.entries(operators)) {
    if ([...takesEngine, ...ofCut].includes(name)) continue;
    if (typeof operator === "function") await checkRefusal(name, operator as () => unknown);
  }
  for (const work of [engine.grad, engine.backward, engine.clipGradNorm, engine.multiStepLr])
    await checkRefusal(work.name, work as () => unknown);
});

test.run();
