// Grids beyond 65535 workgroups, which are folded into two dimensions: every operator's cases on both profiles and with
// every variant, each dispatch folded as if it had been too large. test/engine/device/kernel.test.ts has some at their
// real size.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownGpu, profiles } from "../support/gpu.js";
import { operatorCases } from "./support/cases.js";
import { checkCase } from "./support/check.js";
import { forcedInTurn } from "./support/variants.js";

for (const profile of profiles) {
  test(`every operator in folded grids on ${profile}`, async () => {
    const gpu = await ownGpu(profile);
    const { queue } = gpu;
    const dispatch = queue.dispatch.bind(queue);
    queue.dispatch = (kernel, buffers, params, [x, y, z]) => {
      const width = Math.ceil(Math.sqrt(x * y * z));
      // Two rows of workgroups more than are needed have nothing to do.
      dispatch(kernel, buffers, params, [width, Math.ceil((x * y * z) / width) + 2, 1]);
    };
    const unfoldable = new Set<string>();
    gpu.observers.add({ onDispatch: ({ source, grid }) => typeof grid !== "number" && unfoldable.add(source.name) });
    for (const [operator, { cases }] of operatorCases) {
      for (const forced of forcedInTurn(gpu, operator)) {
        await gpu.variants.force(forced, async () => {
          for (const given of cases) {
            await checkCase(gpu, given, `${operator} ${given.title} ${Object.values(forced)[0] ?? ""}`);
          }
        });
      }
    }
    assert.equal([...unfoldable], [], "kernels whose grid has several dimensions, which cannot be folded");
    gpu.dispose();
  });
}

test.run();
