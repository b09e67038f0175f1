// The engine on SwiftShader, the bundled software driver for machines without another. It has four lanes per subgroup
// where lavapipe has eight, and other weaknesses in its arithmetic. A process of its own, because a process has one
// driver; there the Vulkan loader is told to look for drivers where none are.
import { existsSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { requestAdapter, softwareDriverFolder } from "../../../engine/open/node.js";
import { runChild } from "../../support/child.js";

// The package that holds SwiftShader is for Linux on x64.
const where = softwareDriverFolder() ? test : test.skip;

where("without a driver the bundled SwiftShader is used, and operators are right on it", async () => {
  const none = "/no/such/driver.json";
  const environment = { VK_ICD_FILENAMES: none, VK_DRIVER_FILES: none };
  const { status, stdout, stderr } = await runChild("engine/open/children/swiftshader.js", [], environment);
  assert.is(status, 0, stderr);
  assert.equal(JSON.parse(stdout), { architecture: "swiftshader", profile: "software", lanes: 4 });
});

test("garbage collection does not take Dawn away", async () => {
  const { status, signal, stdout } = await runChild("engine/open/children/collect.js", ["--expose-gc"]);
  assert.equal({ status, signal, stdout }, { status: 0, signal: null, stdout: "alive\n" });
});

test("a long eager loop does not use up the mappings that Linux allows a process", async () => {
  if (!existsSync("/proc/self/maps")) return;
  const { status, signal, stdout, stderr } = await runChild("engine/open/children/bind-groups.js", []);
  assert.equal({ status, signal }, { status: 0, signal: null }, stderr);
  // Without collections it has more than 20,000.
  assert.ok(JSON.parse(stdout).most < 14_000, stdout);
});

test("waiting for a software adapter takes no core, and an app's own immediates stay what they are", async () => {
  const { status, stdout, stderr } = await runChild("engine/open/children/pace.js");
  assert.is(status, 0, stderr);
  const { software, rounds, ms, own } = JSON.parse(stdout);
  assert.is(own, "Immediate");
  // Unpaced, a round takes some microseconds.
  if (software) assert.ok(rounds < 10 * ms, stdout);
});

test("where the runtime has WebGPU of its own, as Deno has, that is used", async () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  const own = {};
  const navigator = { gpu: { requestAdapter: async () => own } };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  assert.is(await requestAdapter(), own);
  if (before) Object.defineProperty(globalThis, "navigator", before);
  else Reflect.deleteProperty(globalThis, "navigator");
});

test.run();
