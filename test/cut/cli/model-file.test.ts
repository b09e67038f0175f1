// The file that --model means, and what is said where a folder holds none.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { modelFile } from "../../../cut/cli/model-file.js";
import { parseGenerator } from "../../../cut/training/generator-file.js";
import type { CutgpuError } from "../../../engine/lib/errors.js";

const test = suite<{ folder: string }>("model file");

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-model-"));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const touch = (folder: string, ...names: string[]) => {
  mkdirSync(folder, { recursive: true });
  for (const name of names) writeFileSync(join(folder, name), "");
};

/** What to do, as the refusal of a folder says it. */
function advice(folder: string): string {
  try {
    modelFile(folder);
  } catch (error) {
    return (error as CutgpuError).fix;
  }
  return assert.unreachable("a file was found") as never;
}

test("a run's latest checkpoint, a checkpoints folder's generator, or the file itself", ({ folder }) => {
  touch(folder, "latest_net_G.pth", "5.safetensors");
  assert.is(modelFile(folder), join(folder, "latest_net_G.pth"));
  touch(folder, "latest.safetensors");
  assert.is(modelFile(folder), join(folder, "latest.safetensors"));
  assert.is(modelFile(join(folder, "5.safetensors")), join(folder, "5.safetensors"));
});

test("of CycleGAN's generators, the one of the direction", ({ folder }) => {
  touch(folder, "latest_net_G_A.pth", "latest_net_G_B.pth");
  assert.is(modelFile(folder), join(folder, "latest_net_G_A.pth"));
  assert.is(modelFile(folder, { direction: "BtoA" }), join(folder, "latest_net_G_B.pth"));
});

test("where there is neither, the generators that are there are named", ({ folder }) => {
  const cyclegan = join(folder, "cyclegan");
  touch(cyclegan, "5_net_D_A.pth", "5_net_G_A.pth", "5_net_G_B.pth", "latest_net_F.pth", "loss_log.txt");
  const [A, B] = [join(cyclegan, "5_net_G_A.pth"), join(cyclegan, "5_net_G_B.pth")];
  assert.is(advice(cyclegan), `Give one of the files that are there: ${A}, ${B}.`);
  const run = join(folder, "run");
  touch(run, ...[5, 10, 15, 20, 25, 30].map((epoch) => `${epoch}.safetensors`));
  assert.match(advice(run), /10\.safetensors.* and 2 more\.$/);
  assert.match(advice(folder), "Give the folder of a run");
});

test("an epoch, or the best, of a run; of a file there is but one", ({ folder }) => {
  touch(folder, "latest.safetensors", "best.safetensors", "5.safetensors", "7_net_G.pth");
  for (const epoch of ["latest", "best", "5"]) {
    assert.is(modelFile(folder, { epoch }), join(folder, `${epoch}.safetensors`));
  }
  assert.is(modelFile(folder, { epoch: "7" }), join(folder, "7_net_G.pth"));
  assert.throws(
    () => modelFile(folder, { epoch: "6" }),
    /holds neither 6.safetensors nor 6_net_G.pth nor 6_net_G_A.pth/,
  );
  assert.throws(
    () => modelFile(join(folder, "5.safetensors"), { epoch: "best" }),
    /--epoch best is of runs and .* is a file/,
  );
  assert.throws(() => modelFile("demo", { epoch: "best" }), /--epoch best is of runs/);
});

test("demo is the model that comes with cutgpu", () => {
  const { architecture } = parseGenerator(new Uint8Array(readFileSync(modelFile("demo"))), "demo");
  assert.is(architecture.output_nc, 3);
  assert.throws(() => modelFile("demos"), /there is no model demos/);
});

test.run();
