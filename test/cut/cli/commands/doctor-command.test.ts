// `cutgpu doctor` on a machine that can train. (What it says where there is no adapter is tested with the other bad
// inputs.)
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TOLERANCE } from "../../../../cut/cli/doctor-checks.js";
import { assertStatus, cutgpu } from "../../../support/command.js";

const test = suite("cutgpu doctor");

test("a machine that can train: findings as JSON, and the same in words", async () => {
  const machine = await cutgpu(["doctor", "--json"]);
  assertStatus(machine, 0);
  const found = JSON.parse(machine.stdout);
  assert.equal(Object.keys(found), ["ok", "adapter", "bundled_driver", "training", "seconds", "findings"]);
  assert.is(found.ok, true);
  const { adapter, training } = found;
  assert.equal(Object.keys(adapter), [
    ...["vendor", "architecture", "device", "driver", "software", "profile", "limits", "features"],
  ]);
  assert.ok(adapter.limits.storage_binding_bytes >= 2 ** 27);
  assert.ok(adapter.limits.workgroup_invocations >= 256);
  assert.is(adapter.profile, adapter.software ? "software" : "gpu");
  assert.is(training.losses.length, 2);
  assert.ok(training.worst.difference < TOLERANCE);
  assert.ok(training.seconds.first_step > 0 && training.seconds.second_step > 0);

  const human = await cutgpu(["doctor", "--profile", adapter.profile]);
  assertStatus(human, 0);
  const lines = human.stdout.trim().split("\n");
  assert.ok(
    lines.every((line) => /^.{16} \S/.test(line)),
    `aligned: ${human.stdout}`,
  );
  assert.ok(human.stdout.includes(adapter.driver));
  assert.is(lines.at(-1), "verdict          this machine can train");
});

test("CUTGPU_ADAPTER picks an adapter by name; for one that is not there, those that are there are told", async () => {
  const named = (name: string) => cutgpu(["doctor", "--json"], { env: { CUTGPU_ADAPTER: name } });
  const refused = await named("no such adapter");
  assertStatus(refused, 1);
  const [, name] =
    refused.stderr.match(/no adapter's name has "no such adapter" in it; this machine has: (.*)\.\n/) ?? [];
  assert.ok(name, refused.stderr);
  assertStatus(await named(name.split(/[ (]/)[0]), 0);
});

test.run();
