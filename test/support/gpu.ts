// What tests of the engine share: one device per kernel profile for the whole test process (opening one costs more than
// most tests), random values that float32 holds exactly, so that the float64 reference starts from the very same
// numbers, and comparison by relative error.
import * as assert from "uvu/assert";
import type { Gpu } from "../../engine/core/gpu.js";
import { type Shape, sizeOf, type Tensor } from "../../engine/core/tensor.js";
import type { Profile } from "../../engine/device/adapter.js";
import type { Random } from "../../engine/lib/random.js";
import { openGpu } from "../../engine/open/node.js";
import { type Dense, dense, fromFloat32 } from "../../engine/reference.js";
import { relativeError } from "./goldens.js";

/** The kernel profiles that tests walk: both, or the one that PROFILE names. */
export const profiles = (["software", "gpu"] as const).filter((name) => (process.env["PROFILE"] ?? name) === name);

const opened = new Map<Profile, Promise<Gpu>>();

/**
 * The process's device of that profile, whatever the adapter is. It is shared: leave nothing forced and nothing alive.
 */
export function testGpu(profile: Profile): Promise<Gpu> {
  let gpu = opened.get(profile);
  if (!gpu) {
    gpu = openGpu({ profile });
    opened.set(profile, gpu);
  }
  return gpu;
}

const halves = new Map<Profile, Promise<Gpu>>();

/** The same for f16. */
export function halfGpu(profile: Profile): Promise<Gpu> {
  const gpu = halves.get(profile) ?? openGpu({ profile, precision: "f16" });
  halves.set(profile, gpu);
  return gpu;
}

/** A device of a test's own, for tests that destroy it or count its buffers. */
export const ownGpu = (profile: Profile = "software"): Promise<Gpu> => openGpu({ profile });

/** Uniform values in [low, high) that float32 holds exactly. */
export function uniform(random: Random, shape: Shape, low = -1, high = 1): Dense {
  return dense(
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(low + (high - low) * random.next())),
  );
}

/** Rows of length 1 (to float32's precision), as PatchNCE wants them. */
export function unitRows(random: Random, rows: number, channels: number): Dense {
  const x = uniform(random, [rows, channels]);
  for (let row = 0; row < rows; row++) {
    const values = x.data.subarray(row * channels, (row + 1) * channels);
    const norm = Math.hypot(...values);
    for (let i = 0; i < channels; i++) values[i] = Math.fround(values[i] / norm);
  }
  return x;
}

/** Positions below `area`, some of them repeated. */
export const positions = (random: Random, count: number, area: number): Int32Array =>
  Int32Array.from({ length: count }, () => random.integer(area));

export const upload = (gpu: Gpu, x: Dense): Tensor => gpu.tensor(Float32Array.from(x.data), x.shape);

export const download = async (x: Tensor): Promise<Dense> => fromFloat32(x.shape, await x.read());

/** Fails unless shapes are equal and ||ours - expected|| <= bound * ||expected||. */
export function assertClose(ours: Dense, expected: Dense, bound: number, what: string): void {
  assert.equal([...ours.shape], [...expected.shape], `shape of ${what}`);
  const error = relativeError(ours.data, expected.data);
  assert.ok(error <= bound, `${what} is off by ${error}, more than ${bound}`);
}

/** The message of the error that `work` throws; fails where it throws none. */
export function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message} ${(error as { fix?: string }).fix ?? ""}`;
  }
  return assert.unreachable("nothing was thrown") as unknown as string;
}

/** What a promise rejects with; fails where it resolves. */
export async function rejectionOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return assert.unreachable("nothing was thrown");
}
