// Self-supervised training of an encoder for the metric, in a minute or so: PatchNCE between two photometric
// augmentations of one picture, whose patches at one position show the same content in different colours. The layout is
// that of CUT's encoder (docs/method.md section 2.2) with few channels, its heads narrow, and the tap on single pixels,
// which hold nothing but colour, left out.

import { grad } from "../../../engine/autograd.js";
import type { Gpu } from "../../../engine/core/gpu.js";
import type { Tensor } from "../../../engine/core/tensor.js";
import { abortable, type CancellationOptions } from "../../../engine/lib/cancellation.js";
import { ArgumentError } from "../../../engine/lib/errors.js";
import { Random } from "../../../engine/lib/random.js";
import { patchNce } from "../../../engine/operators/patch-nce/index.js";
import { add, scale } from "../../../engine/operators/pointwise/index.js";
import { mean } from "../../../engine/operators/reduction/index.js";
import { concat, slice } from "../../../engine/operators/strided/index.js";
import { Adam } from "../../../engine/optimizers/index.js";
import { Arena } from "../../../engine/program/allocation.js";
import { record } from "../../../engine/program/program.js";
import { cropPicture, flipPicture, type Picture, picturesToPlanes, toChannels } from "../../data/picture.js";
import type { InspectModel } from "../../inspection/inspection-model.js";
import { Generator } from "../../networks/generator.js";
import { tappedChannels } from "../../networks/generator-layout.js";
import { Heads, unitRows } from "../../networks/heads.js";
import { initialWeights, shapeAt, writeParameters } from "../../networks/network.js";
import { augmented } from "./augmentation.js";

/** The encoder's architecture; six blocks, so that module 16 is a block. */
const ARCHITECTURE = { input_nc: 3, output_nc: 3, ngf: 16, blocks: 6, no_antialias: false, no_antialias_up: false };
const LAYERS = [4, 8, 12, 16];
const HEAD_WIDTH = 64;
const TAU = 0.07;
/** The side of the crop of a training step in pixels, and the number of patches per layer. */
const CROP = 64;
const PATCHES = 256;
/** The smallest side of a picture that an encoder can be trained on. */
const SMALLEST = 16;
const RATE = 1e-3;
/** Steps between reports. */
const REPORT = 10;

export interface SelfTrainingOptions extends CancellationOptions {
  /** 300 by default. */
  steps?: number;
  /** The seed of weights, crops, augmentations and positions; 0 by default. */
  seed?: number;
}

/**
 * Trains an encoder with heads on pictures, whose sides are at least 16 pixels. The same seed gives the same encoder on
 * the same adapter. Its tensors are the caller's, to be disposed with the GPU. Throws an ArgumentError where there is
 * no picture, or a smaller one.
 */
export async function trainPatchEncoder(
  gpu: Gpu,
  pictures: readonly Picture[],
  { steps = 300, seed = 0, signal, onProgress }: SelfTrainingOptions = {},
): Promise<InspectModel> {
  const sides = pictures.map(({ width, height }) => Math.min(width, height));
  const smallest = sides.reduce((min, side) => Math.min(min, side), Number.POSITIVE_INFINITY);
  if (pictures.length === 0 || smallest < SMALLEST) {
    const what = pictures.length === 0 ? "no picture" : `a picture of ${smallest} pixels a side`;
    throw new ArgumentError(
      `an encoder cannot be trained on ${what}`,
      `Give pictures of at least ${SMALLEST} x ${SMALLEST} pixels.`,
    );
  }
  signal?.throwIfAborted();
  const side = 4 * Math.floor(Math.min(CROP, smallest) / 4);
  const random = new Random(seed);
  const model = newModel(gpu, random.fork("weights"));
  const colour = pictures.map((picture) => toChannels(picture, 3));
  let step: RecordedStep | null = null;
  try {
    step = await recordStep(gpu, model, side, signal);
    for (let done = 1; done <= steps; done++) {
      const views = drawViews(colour[random.integer(colour.length)], side, random);
      step.run(views, random, RATE * Math.min(1, (2 * (steps - done + 1)) / steps));
      if (done % REPORT !== 0 && done < steps) continue;
      await abortable(gpu.finish(), signal);
      onProgress?.(done / steps);
      signal?.throwIfAborted();
    }
    return model;
  } catch (error) {
    for (const { parameters } of [model.generator, model.heads as Heads]) {
      for (const parameter of parameters.values()) parameter.dispose();
    }
    throw error;
  } finally {
    step?.dispose();
  }
}

function newModel(gpu: Gpu, random: Random): InspectModel {
  const generator = new Generator(gpu, ARCHITECTURE);
  const channels = tappedChannels(ARCHITECTURE, LAYERS);
  const heads = new Heads(gpu, { channels, width: HEAD_WIDTH });
  const init = { init_type: "kaiming", init_gain: 1 } as const;
  writeParameters(generator.parameters, initialWeights(Generator.shapes(ARCHITECTURE), random, init));
  writeParameters(heads.parameters, initialWeights(Heads.shapes({ channels, width: HEAD_WIDTH }), random, init));
  return { generator, heads, layers: LAYERS, tau: TAU };
}

/** A random square of a picture, mirrored or not, through two augmentations: [2, 3, side, side]. */
function drawViews(picture: Picture, side: number, random: Random): Float32Array {
  const left = random.integer(picture.width - side + 1);
  const top = random.integer(picture.height - side + 1);
  const crop = cropPicture(picture, left, top, side, side);
  const square = random.next() < 0.5 ? flipPicture(crop) : crop;
  return picturesToPlanes([0, 1].map(() => augmented(square, random)));
}

interface RecordedStep {
  run(planes: Float32Array, random: Random, rate: number): void;
  dispose(): void;
}

/** Records a step: both views through encoder and heads, and PatchNCE of each view with the other's patches as keys. */
async function recordStep(
  gpu: Gpu,
  { generator, heads, layers, tau }: InspectModel,
  side: number,
  signal: AbortSignal | undefined,
): Promise<RecordedStep> {
  const last = Math.max(...layers);
  const encoder = [...generator.parameters].filter(([key]) => Number(key.split(".")[1]) <= last);
  const parameters = new Map([...encoder, ...(heads as Heads).parameters]);
  const adam = new Adam(gpu, parameters, { beta1: 0.9, beta2: 0.99 });
  const areas = layers.map((layer) => shapeAt(generator.tap(layer), side, side)).map(([, h, w]) => h * w);
  const compute = () => {
    const views = gpu.empty([2, 3, side, side]);
    const ids = areas.map((area) => gpu.empty([Math.min(PATCHES, area)], "i32"));
    const losses = generator.encode(views, layers).map((map, i) => {
      const rows = unitRows(map, ids[i], (heads as Heads).head(i));
      const half = rows.shape[0] / 2;
      const keys = gpu.noGrad(() => concat([slice(rows.detach(), half, 2 * half), slice(rows.detach(), 0, half)]));
      return mean(patchNce(rows, keys, { groups: 2, tau }));
    });
    const loss = scale(
      losses.reduce((a: Tensor, b) => add(a, b)),
      1 / losses.length,
    );
    adam.update(grad(loss, [...parameters.values()]));
    return { views, ids };
  };
  const { program, result } = await record(gpu, compute, new Arena(), { signal }).catch((error) => {
    adam.dispose();
    throw error;
  });
  const { views, ids } = result;
  return {
    run(planes, random, rate) {
      views.write(planes);
      for (const [i, tensor] of ids.entries()) tensor.write(random.permutation(areas[i], tensor.size));
      adam.advance(rate);
      program.replay();
    },
    dispose() {
      program.dispose();
      adam.dispose();
    },
  };
}
