// The training loop in this process, on pictures in memory: every option that changes what a step computes trains with
// finite losses and goes on exactly after a stop, and what can go wrong on the way says so.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isSingleImage } from "../../../cut/networks/any-generator.js";
import type { TrainOptions } from "../../../cut/options/train-schema.js";
import type { LossRow } from "../../../cut/report/losses.js";
import { parseCheckpoint } from "../../../cut/training/checkpoint.js";
import { parseGenerator } from "../../../cut/training/generator-file.js";
import { type BatchSource, crossesPictures, Training } from "../../../cut/training/training-loop.js";
import type { TrainingBatch } from "../../../cut/training/training-step.js";
import { Gpu } from "../../../engine/core/gpu.js";
import { CutgpuError } from "../../../engine/lib/errors.js";
import { ownGpu, testGpu } from "../../support/gpu.js";
import { SIDE, tinyOptions } from "./tiny-options.js";

const test = suite("training");

/** Epochs of four batches of smooth pictures, other ones for each epoch, batch and domain. */
class MemorySource implements BatchSource {
  readonly batchesPerEpoch = 4;

  constructor(private readonly options: TrainOptions) {}

  async *batches({ epoch, from }: { epoch: number; from: number }): AsyncGenerator<TrainingBatch> {
    const { input_nc, output_nc, batch_size } = this.options;
    const picture = (channels: number, seed: number) =>
      Float32Array.from({ length: batch_size * channels * SIDE * SIDE }, (_, i) =>
        Math.sin(0.3 * (i % SIDE) + 0.05 * Math.floor(i / SIDE) + seed),
      );
    for (let batch = from; batch < this.batchesPerEpoch; batch++) {
      const seed = 10 * epoch + batch;
      yield { A: picture(input_nc, seed), B: picture(output_nc, seed + 0.5), height: SIDE, width: SIDE };
    }
  }
}

interface Outcome {
  rows: LossRow[];
  latest: Uint8Array;
}

/** Trains to `options.max_steps`, from the beginning or from a checkpoint. */
async function train(gpu: Gpu, options: TrainOptions, from?: Uint8Array): Promise<Outcome> {
  const source = new MemorySource(options);
  const training = from
    ? Training.resume(gpu, options, source, parseCheckpoint(from, "latest"), "latest")
    : Training.start(gpu, options, source);
  const rows: LossRow[] = [];
  let latest = new Uint8Array();
  try {
    assert.ok(
      await training.run({
        onLosses: (row) => rows.push(row),
        onCheckpoint: (name, bytes) => {
          if (name === "latest") latest = bytes.slice();
        },
      }),
    );
  } finally {
    training.step.dispose();
  }
  return { rows, latest };
}

const sameBytes = (a: Uint8Array, b: Uint8Array) => Buffer.from(a).equals(Buffer.from(b));

// The kernels of GPUs are slow on a CPU.
for (const [profile, steps] of [
  ["software", 20],
  ["gpu", 5],
] as const) {
  test(`the same seed twice ends in the same bytes, another seed in others (${steps} steps, ${profile})`, async () => {
    const gpu = await testGpu(profile);
    const first = await train(gpu, tinyOptions({ max_steps: steps }));
    const second = await train(gpu, tinyOptions({ max_steps: steps }));
    assert.is(first.rows.length, steps);
    assert.ok(sameBytes(first.latest, second.latest));
    const other = await train(gpu, tinyOptions({ max_steps: 1, seed: 1 }));
    assert.is.not(other.rows[0].G, first.rows[0].G);
  });
}

const variants: Record<string, Partial<TrainOptions>> = {
  "FastCUT, whose steps are mirrored at random": { CUT_mode: "FastCUT" },
  "patch features without heads": { netF: "sample" },
  "negatives from the whole minibatch": { batch_size: 2, nce_includes_all_negatives_from_minibatch: true },
  "gray pictures, without the identity term": { input_nc: 1, output_nc: 1, nce_idt: false },
  "gray pictures": { input_nc: 1, output_nc: 1 },
  "no anti-aliasing": { no_antialias: true, no_antialias_up: true, nce_layers: [0, 3, 6] },
  "the pixel discriminator and the vanilla loss": { netD: "pixel", gan_mode: "vanilla" },
  "the nonsaturating loss": { gan_mode: "nonsaturating" },
  "WGAN-GP, its penalty at places drawn at random": { gan_mode: "wgangp" },
  "R1 in every step": { lambda_R1: 2, penalty_scores: "sum" },
  "R1 in updates of its own": { lambda_R1: 2, R1_every: 3, batch_size: 2 },
  "hDCE and SRC": { patch_loss: "hdce", batch_size: 2 },
  MoNCE: { patch_loss: "monce" },
  "keys of other pictures as the only negatives": { nce_negatives: "external", nce_bank: 20 },
  "a bank beside the picture's own negatives, mirrored": { CUT_mode: "FastCUT", nce_negatives: "both", nce_bank: 40 },
  "CycleGAN, its pools full after two steps": { model: "cycle_gan", pool_size: 2 },
  "CycleGAN from gray to RGB, without pools": { model: "cycle_gan", pool_size: 0, input_nc: 1, lambda_identity: 0 },
  "CycleGAN with penalties, two pictures a step": {
    model: "cycle_gan",
    pool_size: 3,
    batch_size: 2,
    gan_mode: "wgangp",
    lambda_R1: 1,
    R1_every: 2,
  },
  "DCLGAN, averaged": { model: "dclgan", lambda_R1: 1, R1_every: 2, ema_decay: 0.5 },
  "DCLGAN from gray to RGB": { model: "dclgan", input_nc: 1, lambda_IDT: 0, batch_size: 2 },
  EnCo: { model: "enco", batch_size: 2 },
  "EnCo from gray to RGB": { model: "enco", input_nc: 1, lambda_IDT: 0, gan_mode: "wgangp" },
  "SinCUT, R1 in updates of its own": { model: "sincut", batch_size: 2, num_patches: 1, R1_every: 2 },
  "SinCUT of gray pictures, hDCE": { model: "sincut", batch_size: 2, input_nc: 1, output_nc: 1, patch_loss: "hdce" },
  "no patch loss": { lambda_NCE: 0 },
  "no adversarial loss, orthogonal weights": { lambda_GAN: 0, init_type: "orthogonal", init_gain: 1 },
};

for (const [name, given] of Object.entries(variants)) {
  test(`${name}: trains, and goes on exactly`, async () => {
    const gpu = await testGpu("software");
    const whole = await train(gpu, tinyOptions({ ...given, max_steps: 4 }));
    const half = await train(gpu, tinyOptions({ ...given, max_steps: 2 }));
    const rest = await train(gpu, tinyOptions({ ...given, max_steps: 4 }), half.latest);
    assert.equal(
      [...half.rows, ...rest.rows].map(({ seconds, ...row }) => row),
      whole.rows.map(({ seconds, ...row }) => row),
    );
    assert.ok(sameBytes(rest.latest, whole.latest));
    const { architecture } = parseGenerator(whole.latest, "latest");
    const options = tinyOptions(given);
    assert.is(architecture.input_nc, options.input_nc);
    assert.is(architecture.output_nc, options.output_nc);
    if (isSingleImage(architecture)) return assert.is(options.model, "sincut");
    assert.is(architecture.no_antialias, options.no_antialias);
    assert.is(architecture.no_antialias_up, options.no_antialias_up);
  });
}

test("FastCUT's ten steps hold mirrored and plain ones, and the mirror changes the losses", async () => {
  const gpu = await testGpu("software");
  const mirrored = await train(gpu, tinyOptions({ CUT_mode: "FastCUT", max_steps: 10 }));
  const plain = await train(gpu, tinyOptions({ CUT_mode: "FastCUT", flip_equivariance: false, max_steps: 10 }));
  assert.not.equal(
    mirrored.rows.map(({ NCE }) => NCE),
    plain.rows.map(({ NCE }) => NCE),
  );
});

test("a run goes on where its data set has shrunk, with the next epoch", async () => {
  const gpu = await testGpu("software");
  const options = tinyOptions({ max_steps: 3 });
  const { latest } = await train(gpu, options);
  const checkpoint = parseCheckpoint(latest, "latest");
  assert.equal([checkpoint.state.epoch, checkpoint.state.batch], [1, 3]);
  const shorter = Object.assign(new MemorySource(options), { batchesPerEpoch: 2 });
  const training = Training.resume(gpu, tinyOptions({ max_steps: 5 }), shorter, checkpoint, "latest");
  const epochs: number[] = [];
  await training.run({ onLosses: ({ epoch }) => epochs.push(epoch) });
  training.step.dispose();
  assert.equal(epochs, [2, 2]);
});

test("totals follow from the stored step and epoch where data or batch size have changed", async () => {
  const gpu = await testGpu("software");
  const given = { n_epochs: 2, n_epochs_decay: 1 };
  // Six steps: one epoch of four, and half of the second.
  const { latest } = await train(gpu, tinyOptions({ ...given, max_steps: 6 }));
  const checkpoint = parseCheckpoint(latest, "latest");
  const goOn = async (change: Partial<TrainOptions>, batchesPerEpoch: number) => {
    const options = tinyOptions({ ...given, ...change });
    const source = Object.assign(new MemorySource(options), { batchesPerEpoch });
    const training = Training.resume(gpu, options, source, checkpoint, "latest");
    const total = training.totalSteps;
    const epochs: number[] = [];
    const totals = new Set<number>();
    assert.ok(
      await training.run({
        onLosses: ({ epoch }) => epochs.push(epoch),
        onProgress: (progress) => totals.add(progress.total),
      }),
    );
    training.step.dispose();
    assert.is(training.stepsDone, total);
    assert.ok([...totals].every((each) => each === total));
    return { epochs, total, epochsDone: training.epochsDone };
  };
  assert.equal(await goOn({}, 4), { epochs: [2, 2, 3, 3, 3, 3], total: 12, epochsDone: true });
  // Twice the pictures in the rest of the second epoch and in the third.
  assert.equal((await goOn({}, 5)).epochs, [2, 2, 2, 3, 3, 3, 3, 3]);
  // Half of an epoch is one batch of two pictures.
  assert.equal(await goOn({ batch_size: 2 }, 2), { epochs: [2, 3, 3], total: 9, epochsDone: true });
  assert.equal(await goOn({ max_steps: 7 }, 4), { epochs: [2], total: 7, epochsDone: false });
  // What is asked for is done already.
  assert.equal(await goOn({ max_steps: 1 }, 4), { epochs: [], total: 6, epochsDone: false });
  assert.equal(await goOn({ n_epochs: 1, n_epochs_decay: 0 }, 4), { epochs: [], total: 6, epochsDone: true });
});

test("a run that fails on its data saves the steps done first, and goes on from them exactly", async () => {
  const gpu = await testGpu("software");
  const options = tinyOptions({ CUT_mode: "FastCUT", max_steps: 8 });
  const whole = await train(gpu, options);
  class BrokenSource extends MemorySource {
    override async *batches(where: { epoch: number; from: number }): AsyncGenerator<TrainingBatch> {
      let left = where.epoch === 2 ? 2 : 4;
      for await (const batch of super.batches(where)) {
        if (left-- === 0) throw new CutgpuError("DATASET", "The disk was pulled out.", "Plug it in.");
        // A picture that cannot be put through the networks fails in the step, after random numbers were drawn.
        const A = new Float32Array(batch.A.length - 1);
        yield this.misshapen && where.epoch === 2 && left === 0 ? { ...batch, A } : batch;
      }
    }
    misshapen = false;
  }
  for (const misshapen of [false, true]) {
    const training = Training.start(gpu, options, Object.assign(new BrokenSource(options), { misshapen }));
    const saved: [string, Uint8Array][] = [];
    const rows: LossRow[] = [];
    const onCheckpoint = (name: string, bytes: Uint8Array) => void saved.push([name, bytes.slice()]);
    let failed: unknown;
    await training.run({ onCheckpoint, onLosses: (row) => rows.push(row) }).catch((error: unknown) => {
      failed = error;
    });
    training.step.dispose();
    assert.instance(failed, Error);
    if (!misshapen) assert.is((failed as Error).message, "The disk was pulled out.");
    assert.equal(
      saved.map(([name]) => name),
      ["latest"],
    );
    const { step, epoch, batch } = parseCheckpoint(saved[0][1], "latest").state;
    assert.equal([step, epoch, batch], misshapen ? [5, 2, 1] : [6, 2, 2]);
    assert.is(rows.length, step);
    assert.is(training.savedStep, step);
    assert.ok(sameBytes((await train(gpu, options, saved[0][1])).latest, whole.latest));
  }
});

/** The error of `work`, which must be a CutgpuError. */
async function failure(work: () => Promise<unknown>): Promise<CutgpuError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CutgpuError) return error;
    throw error;
  }
  return assert.unreachable("it did not fail") as never;
}

test("frequencies count pictures, not steps", () => {
  const due = (batch_size: number, pictures: number) =>
    Array.from({ length: 10 }, (_, i) => i + 1).filter((step) => crossesPictures(step, batch_size, pictures));
  assert.equal(due(1, 4), [4, 8]);
  assert.equal(due(3, 10), [4, 7, 10]);
  assert.equal(due(4, 1), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("a checkpoint of another architecture is refused, and says what differs", async () => {
  const gpu = await testGpu("software");
  const { latest } = await train(gpu, tinyOptions({ max_steps: 1 }));
  const options = tinyOptions({ ngf: 8 });
  const { message, fix } = await failure(async () => train(gpu, options, latest));
  assert.match(message, "latest holds networks of another architecture: G.model.1.weight is [4,3,7,7]");
  assert.match(message, "this run wants [8,3,7,7]");
  assert.match(fix, "--ngf");
});

test("a device that is lost ends the run; its last checkpoint is whole", async () => {
  const gpu = await ownGpu();
  const options = tinyOptions({ max_steps: 50, save_latest_freq: 2 });
  const training = Training.start(gpu, options, new MemorySource(options));
  let latest = new Uint8Array();
  const { code, message, fix } = await failure(() =>
    training.run({
      onLosses: ({ step }) => {
        if (step === 7) gpu.device.destroy();
      },
      onCheckpoint: (_, bytes) => {
        latest = bytes.slice();
      },
    }),
  );
  assert.is(code, "DEVICE_LOST");
  const { step } = parseCheckpoint(latest, "latest").state;
  assert.ok(step >= 4, `saved at step ${step}`);
  assert.match(message, `the last checkpoint is from step ${step}`);
  assert.is(fix, "Go on from it: Training.resume()");
});

test("a tensor that is too large for the adapter is refused with its layer and the option to lower", async () => {
  const { device } = await ownGpu();
  // The smallest limit that WebGPU allows is far more than a test should fill.
  const limits = {
    ...Object.fromEntries(limitsOf(device)),
    maxStorageBufferBindingSize: 12_000,
    maxBufferSize: 12_000,
  };
  const small = new Proxy(device, {
    get(target, key) {
      if (key === "limits") return limits;
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const gpu = new Gpu(small, "software", false);
  const options = tinyOptions({ max_steps: 1 });
  const { code, message } = await failure(async () => train(gpu, options));
  assert.is(code, "LIMIT");
  assert.match(message, /^G\.model\.\d+.* needs 0\.\d+ MiB in one buffer and this adapter allows 0\.01 MiB$/);
  device.destroy();
});

function limitsOf(device: GPUDevice): [string, number][] {
  const { limits } = device;
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(limits)) as (keyof GPUSupportedLimits)[];
  return names.filter((name) => typeof limits[name] === "number").map((name) => [name, Number(limits[name])]);
}

test("the best is kept after the latest, and an evaluation that was called off is made up for", async () => {
  const gpu = await testGpu("software");
  const options = tinyOptions({ eval_freq: 2, max_steps: 7, save_latest_freq: 1000 });
  const whole = await train(gpu, options);
  const pause = new AbortController();
  const told: unknown[] = [];
  const first = Training.start(gpu, options, new MemorySource(options));
  let latest = new Uint8Array();
  const onCheckpoint = (name: string, bytes: Uint8Array) => {
    told.push(name);
    if (name === "latest") latest = bytes.slice();
  };
  const onLosses = ({ step }: LossRow) => void told.push(step);
  const onEvaluate = async (step: number) => {
    told.push(`evaluate ${step}`);
    if (step === 4) pause.abort();
    return step === 2;
  };
  assert.not.ok(await first.run({ onCheckpoint, onLosses, onEvaluate }, pause.signal));
  first.step.dispose();
  assert.equal(told.splice(0), [1, 2, "evaluate 2", "latest", "best", 3, 4, "evaluate 4", "latest"]);

  const second = Training.resume(gpu, options, new MemorySource(options), parseCheckpoint(latest, "latest"), "latest");
  await second.run({ onCheckpoint, onLosses, onEvaluate: async (step) => told.push(`evaluate ${step}`) < 0 });
  second.step.dispose();
  assert.equal(told, ["evaluate 4", 5, 6, "evaluate 6", 7, "latest"]);
  assert.ok(sameBytes(latest, whole.latest));
});

test.run();
