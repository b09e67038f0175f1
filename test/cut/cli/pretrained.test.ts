// --pretrained_name on the files of the reference, one a network.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { adoptPretrained } from "../../../cut/cli/pretrained.js";
import { readParameters } from "../../../cut/networks/network.js";
import { serializeCheckpoint } from "../../../cut/training/checkpoint.js";
import { Training } from "../../../cut/training/training-loop.js";
import { serializePth } from "../../../engine/formats/pth.js";
import { messageOf, testGpu } from "../../support/gpu.js";
import { tinyOptions } from "../training/tiny-options.js";

const test = suite<{ folder: string }>("pretrained");
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-pretrained-"));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const source = { batchesPerEpoch: 1, async *batches() {} };
const start = async (given: Parameters<typeof tinyOptions>[0]) =>
  Training.start(await testGpu("software"), tinyOptions(given), source);
const weightsOf = async ({ step }: Training) =>
  Promise.all(Object.values(step.method.networks).map(({ parameters }) => readParameters(parameters)));

/** Writes a network as the reference does, under a wrapper's prefix. */
async function publish({ step }: Training, name: string, path: string): Promise<void> {
  const { parameters } = step.method.networks[name];
  const tensors = [...(await readParameters(parameters))].map(([key, data]) => {
    const shape = [...(parameters.get(key)?.shape ?? [])];
    return [`module.${key}`, { dtype: "F32", shape, data }] as const;
  });
  writeFileSync(path, serializePth({ tensors: new Map(tensors), metadata: {} }));
}

for (const model of ["cut", "dclgan"] as const) {
  test(`every network of ${model} from a file of its own, and those without keep their weights`, async ({ folder }) => {
    const [theirs, ours] = [await start({ model, seed: 1 }), await start({ model, seed: 2, ema_decay: 0.5 })];
    const names = Object.keys(theirs.step.method.networks);
    for (const name of names.slice(1)) await publish(theirs, name, join(folder, `latest_net_${name}.pth`));
    const before = await weightsOf(ours);
    assert.equal(adoptPretrained(ours, folder), [names[0]]);
    const [kept, ...taken] = await weightsOf(ours);
    assert.equal(kept, before[0]);
    assert.equal(taken, (await weightsOf(theirs)).slice(1));
    for (const [name, { averages }] of Object.entries(ours.step.averaged)) {
      assert.equal(await readParameters(averages), (await weightsOf(ours))[names.indexOf(name)]);
    }
    for (const { step } of [theirs, ours]) step.dispose();
  });
}

test("a file that holds another network says which, and nothing is changed", async ({ folder }) => {
  const training = await start({});
  await publish(training, "F", join(folder, "latest_net_F.pth"));
  await publish(training, "D", join(folder, "latest_net_G.pth"));
  const other = await start({ seed: 5 });
  const before = await weightsOf(other);
  const said = messageOf(() => adoptPretrained(other, folder));
  assert.match(said, /latest_net_G\.pth holds a discriminator, D, whose model\.1\.weight is missing/);
  assert.equal(await weightsOf(other), before);
  for (const { step } of [training, other]) step.dispose();
});

test("a folder with files of another method alone is told the names that are looked for", async ({ folder }) => {
  const theirs = await start({});
  await publish(theirs, "G", join(folder, "latest_net_G.pth"));
  const ours = await start({ model: "cycle_gan" });
  const said = messageOf(() => adoptPretrained(ours, folder));
  assert.match(said, /holds no latest\.safetensors, nor any of latest_net_G_A\.pth, .*networks of --model cycle_gan/);
  for (const { step } of [theirs, ours]) step.dispose();
});

test("a run of another method is refused by both names", async ({ folder }) => {
  const theirs = await start({ model: "dclgan" });
  const state = { step: 0, epoch: 1, batch: 0, random: [], options: theirs.options };
  writeFileSync(join(folder, "latest.safetensors"), await serializeCheckpoint(theirs.step, state));
  const ours = await start({});
  assert.match(
    messageOf(() => adoptPretrained(ours, folder)),
    /is of --model dclgan and this run of --model cut/,
  );
  for (const { step } of [theirs, ours]) step.dispose();
});

test.run();
