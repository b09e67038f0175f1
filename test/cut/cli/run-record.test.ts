// The record of a run: what it keeps in memory does not grow with the run, and a run that goes on has it again. Here
// few steps are simulated; STEPS=1000000 node dist/test/run.js run-record does as many and prints what they took.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RunRecord } from "../../../cut/cli/run-record.js";
import { RunSamples } from "../../../cut/cli/run-samples.js";
import { RunFolder } from "../../../cut/files/run-folder.js";
import { resolveOptions } from "../../../cut/options/train-options.js";
import type { LossRow } from "../../../cut/report/losses.js";
import type { Translator } from "../../../cut/translation/translator.js";
import { makePicture } from "../../support/command.js";

const STEPS = Number(process.env["STEPS"] ?? 12_000);
const verbose = process.env["STEPS"] !== undefined;

const test = suite<{ folder: string }>("run record");
test.before((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-record-"));
});
test.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

/** What a step of CUT logs; the discriminator wins from the beginning. */
function row(step: number): LossRow {
  const noise = Math.sin(step * 12.9898) * 0.1;
  const layers = [0, 4, 8, 12, 16].flatMap((layer) => [
    [`NCE_${layer}`, 4 + noise - step / STEPS] as const,
    [`NCE_Y_${layer}`, 3.9 + noise - step / STEPS] as const,
  ]);
  const sums = { G_GAN: 1 + noise / 100, D_real: 0.01 + noise / 1000, D_fake: 0.01, D: 0.01, G: 5 + noise };
  return {
    step,
    epoch: 1,
    seconds: 0.1234,
    lr: 2e-4,
    ...sums,
    NCE: 4 + noise,
    NCE_Y: 4,
    ...Object.fromEntries(layers),
  };
}

/** Of the process's own time, so that others on the machine do not count. */
const milliseconds = async (work: () => void | Promise<void>) => {
  const begun = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
};

test("a long run takes no more memory than a short one, and goes on where it was", async ({ folder }) => {
  const dataroot = join(folder, "data");
  for (const n of [0, 1, 2, 3])
    await makePicture(join(dataroot, "testA", `${n}.png`), { width: 64, height: 64, seed: n });
  const options = resolveOptions({ dataroot, name: "r", runs_dir: folder, crop_size: 64, load_size: 64 });
  const run = RunFolder.create(folder, "r", options);
  const record = new RunRecord(run, options, 0);
  const samples = await RunSamples.choose(run, options);
  const translator = { translate: async (picture: unknown) => picture } as unknown as Translator;

  const raised: string[] = [];
  const heap: number[] = [];
  let slowest = 0;
  for (let step = 1; step <= STEPS; step++) {
    raised.push(...record.noteLosses(row(step)).map(({ name }) => name));
    if (step % Math.max(400, STEPS / 1000) === 0) {
      await samples.make(translator, step);
      record.noteRetrieval(step, new Map([["layer 4", step / STEPS]]));
    }
    if (step % (STEPS / 4) !== 0) continue;
    // The first one loads what draws.
    if (step === STEPS / 4) await record.report(samples.rows(step));
    slowest = Math.max(slowest, await milliseconds(() => record.report(samples.rows(step))));
    heap.push(heapUsed());
  }
  const grown = (heap[3] - heap[0]) / 2 ** 20;
  assert.ok(grown < 1.5, `${heap} bytes: a row is about 400, and ${STEPS} of them would be ${STEPS / 2500} MB`);
  assert.equal(raised, ["discriminator has won"]);

  let again = record;
  run.losses.append(row(STEPS + 1));
  const resumed = await milliseconds(() => {
    again = new RunRecord(run, options, STEPS);
  });
  assert.equal(again.noteLosses(row(STEPS + 1)), [], "what was raised is not raised again");
  assert.is(run.losses.last(2)[0].step, STEPS);
  await again.report(samples.rows(STEPS));
  if (verbose) {
    const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    console.log(`heap after each quarter: ${heap.map(megabytes).join(", ")}`);
    console.log(
      `slowest report ${slowest.toFixed(0)} ms, its page ${megabytes(statSync(join(run.path, "report.html")).size)}`,
    );
    console.log(`reading ${megabytes(statSync(run.losses.path).size)} of losses to go on: ${resumed.toFixed(0)} ms`);
  }
  run.close();
});

test("the share of patches that find their source goes on where it was, to the checkpoint", async ({ folder }) => {
  const options = resolveOptions({ dataroot: join(folder, "data"), name: "s", runs_dir: folder });
  const run = RunFolder.create(folder, "s", options);
  const record = new RunRecord(run, options, 0);
  for (const step of [1, 2, 3]) record.noteLosses(row(step));
  for (const step of [1, 2, 3]) record.noteRetrieval(step, new Map([["layer 4", step / 4]]));
  const again = new RunRecord(run, options, 2);
  const rows = run.retrieval.last(9).map(({ step, shares }) => `${step}: ${shares["layer 4"]}`);
  assert.equal(rows, ["1: 0.25", "2: 0.5"]);
  await again.report([]);
  assert.match(readFileSync(join(run.path, "report.html"), "utf8"), "Retrieval accuracy");
  run.close();
});

test.run();
