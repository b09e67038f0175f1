// Opening an engine: on a device of the app's, with a profile, with a tuning table.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { adapterName } from "../../../engine/device/adapter.js";
import { AdapterError, FormatError } from "../../../engine/lib/errors.js";
import { openGpu } from "../../../engine/open/open.js";
import type { TuningTable } from "../../../engine/tuning/table.js";
import { profiles, rejectionOf, testGpu } from "../../support/gpu.js";

test("without WebGPU it says so", async () => {
  const error = await rejectionOf(openGpu());
  assert.instance(error, AdapterError);
  assert.is((error as Error).message, "no WebGPU adapter was found");
});

test("a profile can be forced, and the app's device stays open", async () => {
  const { device } = await testGpu("gpu");
  for (const profile of profiles) {
    const gpu = await openGpu({ device, profile });
    assert.is(gpu.profile, profile);
    gpu.dispose();
  }
  assert.equal([...(await (await testGpu("gpu")).tensor([1]).read())], [1]);
});

test("what is no tuning table is refused before anything is opened", async () => {
  const error = await rejectionOf(openGpu({ tuning: {} as TuningTable }));
  assert.instance(error, FormatError);
});

test("an engine opens with a table of its adapter and profile, and leaves out any other, naming both", async () => {
  const { device } = await testGpu("gpu");
  const open = async (change: Partial<TuningTable>) => {
    const said: string[] = [];
    const adapter = adapterName(await testGpu("gpu"));
    const tuning: TuningTable = { version: 1, adapter, profile: "gpu", choices: {}, ...change };
    const gpu = await openGpu({ device, profile: "gpu", tuning, notify: (line) => said.push(line) });
    const used = gpu.variants.table === tuning;
    gpu.dispose();
    return { used, said };
  };
  assert.equal(await open({}), { used: true, said: [] });
  const name = adapterName(await testGpu("gpu"));
  const other = await open({ adapter: "Another One" });
  assert.not.ok(other.used);
  assert.is(other.said.length, 1);
  assert.ok(other.said[0].includes(`"Another One" (gpu kernels) is not used on "${name}" (gpu kernels)`));
  assert.match((await open({ profile: "software" })).said[0], /\(software kernels\) is not used on/);
});

test.run();
