// What only Node can measure: a cold start that fails costs its own row, not the rows before it.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { nodeSurroundings } from "../../../bench/node/surroundings.js";
import { CutgpuError } from "../../../engine/lib/errors.js";

test("a cold start whose process fails is an error that the benchmark takes for its row's", async () => {
  const before = process.env["CUTGPU_ADAPTER"];
  process.env["CUTGPU_ADAPTER"] = "no such adapter";
  try {
    await nodeSurroundings("auto").coldStart();
    assert.unreachable("there is no such adapter");
  } catch (error) {
    assert.instance(error, CutgpuError);
    assert.match((error as Error).message, /the process of its own ended with status \d/);
  } finally {
    if (before === undefined) delete process.env["CUTGPU_ADAPTER"];
    else process.env["CUTGPU_ADAPTER"] = before;
  }
});

test.run();
