// Crops that the GPU makes of a resident picture: to the bit the planes that a processor makes of it, in training too;
// what they take is given back, and a picture that is too large for an adapter is named.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Crop, type Crops, ResidentPicture } from "../../../cut/data/crops.js";
import { cropPicture, flipPicture, type Picture, picturesToPlanes } from "../../../cut/data/picture.js";
import { resampledSquare } from "../../../cut/data/resize.js";
import { SingleImageDataset } from "../../../cut/data/single-image-dataset.js";
import { Training } from "../../../cut/training/training-loop.js";
import type { TrainingBatch } from "../../../cut/training/training-step.js";
import type { Gpu } from "../../../engine/core/gpu.js";
import { float16Bits, float16ToNumber } from "../../../engine/lib/float16.js";
import { Random } from "../../../engine/lib/random.js";
import { halfGpu, messageOf, ownGpu, profiles, testGpu } from "../../support/gpu.js";
import { onHalves } from "../../support/half.js";
import { tinyOptions } from "../training/tiny-options.js";

const test = suite("crops");

function noise(width: number, height: number, seed: number, channels: 1 | 3 = 3): Picture {
  const random = new Random(seed);
  const data = Uint8Array.from({ length: channels * width * height }, () => random.integer(256));
  return { width, height, channels, data };
}

/** The definition: of every row that goes in its samples at each column, rounded to 8 bits; of those the columns. */
function made({ width, channels, data }: Picture, { columns, rows, flip }: Crop): Picture {
  const side = columns.first.length;
  const rounded = (sum: number) => Math.max(0, Math.min(255, (sum + 2 ** 21) >> 22));
  const resampled = ({ first, count, taps, weights }: Crop["rows"], i: number, sample: (at: number) => number) => {
    let sum = 0;
    for (let k = 0; k < count[i]; k++) sum += weights[i * taps + k] * sample(first[i] + k);
    return rounded(sum);
  };
  const result = new Uint8Array(side * side * channels);
  for (let i = 0; i < result.length; i++) {
    const [x, y, c] = [Math.floor(i / channels) % side, Math.floor(i / channels / side), i % channels];
    result[i] = resampled(rows, y, (row) =>
      resampled(columns, x, (column) => data[(row * width + column) * channels + c]),
    );
  }
  const square = { width: side, height: side, channels, data: result };
  return flip ? flipPicture(square) : square;
}

/** Squares of a picture at zooms from 1 to a quarter, either side by its own, mirrored or not. */
function cropsOf(picture: Picture, side: number, count: number, seed: number): Crop[] {
  const random = new Random(seed);
  const zoomed = (length: number) => Math.max(side, Math.round(length * [1, 0.25, 0.7][random.integer(3)]));
  return Array.from({ length: count }, () => {
    const [width, height] = [zoomed(picture.width), zoomed(picture.height)];
    const [left, top] = [random.integer(width - side + 1), random.integer(height - side + 1)];
    return {
      ...resampledSquare(picture, { width, height }, { left, top, side }),
      flip: random.next() < 0.5,
    };
  });
}

async function planesOf(gpu: Gpu, crops: Crops, [batch, channels, side]: number[]): Promise<Float32Array> {
  const tensor = gpu.empty([batch, channels, side, side], gpu.precision);
  crops.fill(tensor);
  const planes = await tensor.read();
  tensor.dispose();
  return planes;
}

async function check(gpu: Gpu): Promise<void> {
  const before = gpu.memory().liveBytes;
  for (const [channels, batch, width, height, side] of [
    [3, 3, 61, 43, 11],
    [3, 1, 39, 67, 16],
    [1, 3, 45, 51, 10],
    [1, 1, 33, 33, 33],
  ] as const) {
    const picture = noise(width, height, width, channels);
    const resident = new ResidentPicture(picture, "noise");
    for (let seed = 0; seed < 8; seed++) {
      const crops = cropsOf(picture, side, batch, seed);
      const planes = picturesToPlanes(crops.map((crop) => made(picture, crop)));
      const expected = gpu.precision === "f16" ? Float32Array.from(float16Bits(planes), float16ToNumber) : planes;
      const found = await planesOf(gpu, resident.crops(crops), [batch, channels, side]);
      assert.equal(found, expected, `${width} x ${height}, crops ${seed}`);
    }
    resident.dispose();
  }
  assert.is(gpu.memory().liveBytes, before);
}

test("a square of the resampled picture is what the whole one has there", () => {
  const picture = noise(37, 29, 4);
  const square = (of: Picture, width: number, height: number, at: { left: number; top: number; side: number }) =>
    made(of, { ...resampledSquare(of, { width, height }, at), flip: false });
  const whole = square(picture, 24, 24, { left: 0, top: 0, side: 24 });
  assert.equal(square(picture, 24, 24, { left: 9, top: 5, side: 11 }), cropPicture(whole, 9, 5, 11, 11));
  // Where nothing is scaled, nothing changes.
  assert.equal(square(picture, 37, 29, { left: 3, top: 2, side: 20 }), cropPicture(picture, 3, 2, 20, 20));
  // A picture of one colour keeps it.
  const gray = { ...picture, data: picture.data.slice().fill(77) };
  assert.ok(square(gray, 21, 24, { left: 0, top: 0, side: 21 }).data.every((value) => value === 77));
});

for (const profile of profiles) {
  test(`they are those of a processor, to the bit, on ${profile}`, async () => check(await testGpu(profile)));
  onHalves(test)(`and where they are stored as f16, on ${profile}`, async () => check(await halfGpu(profile)));
}

test("and in folded grids", async () => {
  const gpu = await ownGpu();
  const dispatch = gpu.queue.dispatch.bind(gpu.queue);
  gpu.queue.dispatch = (kernel, buffers, params, [x]) => {
    const width = Math.ceil(Math.sqrt(x));
    dispatch(kernel, buffers, params, [width, Math.ceil(x / width) + 2, 1]);
  };
  await check(gpu);
  gpu.dispose();
});

test("training on them has the bits of training on their planes, and what they take is given back", async () => {
  const gpu = await testGpu("software");
  const options = tinyOptions({ model: "sincut", batch_size: 2, num_patches: 1, max_steps: 3 });
  const pictures: Record<string, Picture> = { a: noise(50, 38, 1), b: noise(31, 44, 2) };
  const read = async (path: string) => pictures[path];
  const dataset = () => new SingleImageDataset({ ...options, filesA: ["a"], filesB: ["b"], read });
  const size = [2, 3, options.crop_size];
  const planes = {
    batchesPerEpoch: dataset().batchesPerEpoch,
    async *batches(where: { epoch: number; from: number }): AsyncGenerator<TrainingBatch> {
      for await (const { A, B, ...rest } of dataset().batches(where)) {
        yield { ...rest, A: await planesOf(gpu, A, size), B: await planesOf(gpu, B, size) };
      }
    },
  };
  const saved: Uint8Array[] = [];
  for (const source of [dataset(), planes]) {
    const training = Training.start(gpu, options, source);
    await training.run({ onCheckpoint: (_, bytes) => void saved.push(bytes.slice()) });
    training.step.dispose();
  }
  assert.is(saved.length, 2);
  assert.equal(saved[0], saved[1]);
  const before = gpu.memory().liveBytes;
  for await (const { A } of dataset().batches({ epoch: 1 })) {
    await planesOf(gpu, A, size);
    assert.ok(gpu.memory().liveBytes > before);
    break;
  }
  assert.is(gpu.memory().liveBytes, before);
});

test("a picture that no buffer of the adapter holds is named", async () => {
  const gpu = await ownGpu();
  const picture = noise(40, 30, 1);
  const limits = new Proxy(gpu.device.limits, {
    get: (target, key) => (key === "maxStorageBufferBindingSize" ? 4096 : Reflect.get(target, key, target)),
  });
  Object.defineProperty(gpu.device, "limits", { value: limits });
  const crops = new ResidentPicture(picture, "cliffs.jpg").crops(cropsOf(picture, 8, 1, 1));
  assert.is(
    messageOf(() => crops.fill(gpu.empty([1, 3, 8, 8]))),
    "LimitError: cliffs.jpg is 40 x 30 pixels, and no buffer of this adapter holds as many Make the picture smaller.",
  );
  gpu.dispose();
});

test.run();
