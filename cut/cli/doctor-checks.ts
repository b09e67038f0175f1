// The checks of `cutgpu doctor`: the device and its features, and whether it computes correctly. For the latter two
// steps are trained at tiny size, whose losses must match a table: every kernel of a step contributes to them, and the
// second step's also depend on gradients and Adam.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Profile } from "../../engine/device/adapter.js";
import { DivergenceError } from "../../engine/lib/errors.js";
import { resolveOptions } from "../options/train-options.js";
import type { LossRow } from "../report/losses.js";
import { type BatchSource, Training } from "../training/training-loop.js";
import type { TrainingBatch } from "../training/training-step.js";

/** Limits that decide how large pictures and networks may be; bytes and invocations. */
export interface LimitReport {
  storage_binding_bytes: number;
  buffer_bytes: number;
  workgroup_memory_bytes: number;
  workgroup_invocations: number;
}

export interface AdapterReport {
  vendor: string;
  architecture: string;
  device: string;
  /** Name and version of the driver, as it gives them. */
  driver: string;
  /** Whether it is a software adapter. */
  software: boolean;
  /** The kernels in use. */
  profile: Profile;
  limits: LimitReport;
  features: {
    /** Smallest and largest size of a subgroup; null without subgroups. */
    subgroups: [smallest: number, largest: number] | null;
    f16: boolean;
    timestamps: boolean;
  };
}

export function reportAdapter({ info, device, profile }: Gpu): AdapterReport {
  const { limits, features } = device;
  const { vendor, architecture, description, subgroupMinSize, subgroupMaxSize } = info;
  return {
    vendor,
    architecture,
    device: info.device,
    driver: description,
    software: Boolean(info.isFallbackAdapter) || ["software", "swiftshader"].includes(architecture),
    profile,
    limits: {
      storage_binding_bytes: limits.maxStorageBufferBindingSize,
      buffer_bytes: limits.maxBufferSize,
      workgroup_memory_bytes: limits.maxComputeWorkgroupStorageSize,
      workgroup_invocations: limits.maxComputeInvocationsPerWorkgroup,
    },
    features: {
      subgroups: features.has("subgroups") ? [subgroupMinSize ?? 0, subgroupMaxSize ?? 0] : null,
      f16: features.has("shader-f16"),
      timestamps: features.has("timestamp-query"),
    },
  };
}

export interface TrainingReport {
  /** Whether every loss is within TOLERANCE of its expected value. */
  ok: boolean;
  /** Losses of the two steps by name. */
  losses: Record<string, number>[];
  /** The loss that is farthest off, its difference relative to the expected value where that is larger than 1. */
  worst: { step: number; name: string; value: number; expected: number; difference: number };
  /** Seconds of the first step, in which kernels are compiled, and of the second. */
  seconds: { first_step: number; second_step: number };
}

/** Adapters differ in the order of sums and in exp and log; a kernel that computes wrongly is off by much more. */
export const TOLERANCE = 1e-3;

/**
 * Losses of the two steps. Computed by this function on Mesa 25's lavapipe with the kernels of both profiles and on
 * SwiftShader, which agree with each other to 1e-4; printed by `cutgpu doctor --json`.
 */
const EXPECTED: readonly Readonly<Record<string, number>>[] = [
  {
    G_GAN: 1.25033,
    D_real: 0.784264,
    D_fake: 0.439949,
    D: 0.612107,
    G: 9.10048,
    NCE: 8.41688,
    NCE_Y: 7.28342,
    NCE_0: 10.6864,
    NCE_Y_0: 9.28652,
    NCE_4: 5.91545,
    NCE_Y_4: 5.85565,
    NCE_8: 5.54836,
    NCE_Y_8: 6.02162,
    NCE_12: 10.0497,
    NCE_Y_12: 5.91709,
    NCE_16: 9.88448,
    NCE_Y_16: 9.3362,
  },
  {
    G_GAN: 0.856807,
    D_real: 1.94331,
    D_fake: 0.369801,
    D: 1.15656,
    G: 8.58379,
    NCE: 8.02144,
    NCE_Y: 7.43253,
    NCE_0: 9.45229,
    NCE_Y_0: 8.75551,
    NCE_4: 6.14638,
    NCE_Y_4: 6.35407,
    NCE_8: 7.09443,
    NCE_Y_8: 5.29325,
    NCE_12: 8.85189,
    NCE_Y_12: 7.74441,
    NCE_16: 8.5622,
    NCE_Y_16: 9.01542,
  },
];

const SIDE = 16;
const STEPS = 2;

/** Kaiming's initialisation keeps features of tiny networks away from zero, where rounding would decide. */
const options = resolveOptions({
  dataroot: "synthetic",
  load_size: SIDE,
  crop_size: SIDE,
  netG: "resnet_4blocks",
  ngf: 4,
  netD: "n_layers",
  n_layers_D: 1,
  ndf: 4,
  num_patches: 64,
  netF_nc: 16,
  init_type: "kaiming",
  max_steps: STEPS,
});

/** Smooth pictures [1, 3, SIDE, SIDE], other ones for each step and domain. */
function picture(seed: number): Float32Array {
  return Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
    const [channel, y, x] = [Math.floor(i / (SIDE * SIDE)), Math.floor(i / SIDE) % SIDE, i % SIDE];
    return 0.8 * Math.sin(0.4 * x + 0.7 * channel + seed) * Math.cos(0.3 * y - 0.5 * channel + 2 * seed);
  });
}

const source: BatchSource = {
  batchesPerEpoch: STEPS,
  async *batches(): AsyncGenerator<TrainingBatch> {
    for (let step = 0; step < STEPS; step++) {
      yield { A: picture(step), B: picture(step + 0.5), height: SIDE, width: SIDE };
    }
  },
};

/**
 * Trains two steps on the device and compares their losses with the expected ones.
 * Throws what a training throws, such as a CutgpuError of a lost device; losses that are not finite are reported.
 */
export async function checkTraining(gpu: Gpu): Promise<TrainingReport> {
  const training = Training.start(gpu, options, source);
  const rows: LossRow[] = [];
  try {
    await training.run({ onLosses: (row) => rows.push(row) });
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
  } finally {
    training.step.dispose();
  }
  const losses = rows.map((row) => Object.fromEntries(Object.keys(EXPECTED[0]).map((name) => [name, row[name]])));
  const worst = { step: 1, name: "G_GAN", value: Number.NaN, expected: 0, difference: -1 };
  EXPECTED.forEach((expectedLosses, i) => {
    for (const [name, expected] of Object.entries(expectedLosses)) {
      const value = losses[i]?.[name] ?? Number.NaN;
      const apart = Math.abs(value - expected) / Math.max(1, Math.abs(expected));
      const difference = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
      if (difference > worst.difference) Object.assign(worst, { step: i + 1, name, value, expected, difference });
    }
  });
  return {
    ok: worst.difference <= TOLERANCE,
    losses,
    worst,
    seconds: { first_step: rows[0]?.seconds ?? Number.NaN, second_step: rows[1]?.seconds ?? Number.NaN },
  };
}
