// `cutgpu plan`: the work of one training step on this machine's adapter, by kernel and by operator, and on request the
// kernels themselves, for the tools of GPU vendors. The step is recorded on an engine that only counts.
import { join } from "node:path";
import * as v from "valibot";
import { describeKernels } from "../../cut/cli/gpu-text.js";
import { type CommandContext, defineCommand, print, withProgress } from "../../cut/cli/terminal/index.js";
import { nearestMultipleOf4 } from "../../cut/data/rounding.js";
import { makeFolder, writeFileAtomically } from "../../cut/files/atomic-files.js";
import { checkOutput } from "../../cut/files/output.js";
import { presets } from "../../cut/options/presets.js";
import { completeOptions, flag, type GivenOptions, option, orNone, text } from "../../cut/options/schema.js";
import { resolveOptions } from "../../cut/options/train-options.js";
import { trainSchema } from "../../cut/options/train-schema.js";
import type { Gpu } from "../../engine/core/gpu.js";
import { adapterName } from "../../engine/device/adapter.js";
import { planningGpu } from "../../engine/open/planning.js";
import { type StepSize, wholePictures } from "../inputs/random-training-step.js";
import { openBenchGpu } from "../node/open-gpu.js";
import { kernelFile, planText, timesText } from "../report/plan-table.js";
import { type DispatchPlan, planDispatches, timeStep } from "../step-plan.js";

const schema = v.strictObject({
  ...v.pick(trainSchema, [
    "crop_size",
    "batch_size",
    "model",
    "CUT_mode",
    "netG",
    "ngf",
    "netD",
    "ndf",
    "n_layers_D",
    "netF_nc",
    "num_patches",
    "gan_mode",
    "lambda_R1",
    "patch_loss",
    "plan_detached",
    "nce_negatives",
    "nce_bank",
    "low_memory",
    "profile",
    "precision",
  ]).entries,
  time: option("The plan", flag(), false, "run the step as well, on random pictures, and show where its time goes"),
  dump_kernels: option("The plan", orNone(text("DIR")), null, "write every kernel there, its constants filled in"),
});

export default defineCommand({
  usage: "[options of the training to plan]",
  options: schema,
  presets,
  chooser: "model",
  run: plan,
});

async function plan(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const { time, dump_kernels, profile, precision } = completeOptions(schema, given);
  // Other options have the method's defaults. No pictures are loaded, so they are as large as their crops.
  const { dump_kernels: _, time: __, ...training } = given;
  const sizes = given.crop_size ? wholePictures(given.crop_size, given.model) : {};
  const options = resolveOptions({ ...training, ...sizes, dataroot: "none" });
  const size = nearestMultipleOf4(options.crop_size);
  if (dump_kernels !== null) {
    // A folder that cannot be written is refused before the work begins.
    checkOutput({ what: `--dump-kernels ${dump_kernels}`, paths: [join(dump_kernels, "kernel.wgsl")] }, []);
    makeFolder(dump_kernels);
  }
  const gpu = await openBenchGpu(profile, precision);
  let planned: DispatchPlan;
  try {
    print(
      `${adapterName(gpu)}, ${describeKernels(gpu)}; ${size} x ${size}, ngf ${options.ngf}, ndf ${options.ndf}\n\n`,
    );
    const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
    const counting = planningGpu(gpu, Math.min(maxStorageBufferBindingSize, maxBufferSize));
    counting.variants.use(gpu.variants.table);
    counting.kernels.halves = gpu.kernels.halves;
    const times = time ? await timed(gpu, { ...options, size }, { ...training, ...sizes }, signal) : [];
    planned = await planDispatches(counting, options, { batch: options.batch_size, height: size, width: size }, times);
  } finally {
    gpu.dispose();
  }
  print(planText(planned));
  if (time) print(timesText(planned));
  if (dump_kernels === null) return;
  for (const kernel of planned.kernels) {
    writeFileAtomically(join(dump_kernels, `${kernel.label}.wgsl`), kernelFile(kernel));
  }
  print(`${planned.kernels.length} kernels written to ${dump_kernels}\n`);
}

async function timed(
  gpu: Gpu,
  size: StepSize,
  training: Record<string, unknown>,
  signal: AbortSignal,
): Promise<number[]> {
  return withProgress("timing", (report) =>
    timeStep(gpu, size, training, (done, total) => {
      signal.throwIfAborted();
      report(done, total);
    }),
  );
}
