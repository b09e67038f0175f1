// SinCUT's crops: their windows are those of the whole picture resampled, they follow from seed, epoch and index, and
// what is no single picture, or too small a one, is refused.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Batch } from "../../../cut/data/dataset.js";
import { cropPicture, type Picture } from "../../../cut/data/picture.js";
import { resampledSquare } from "../../../cut/data/resize.js";
import { SingleImageDataset, type SingleImageOptions } from "../../../cut/data/single-image-dataset.js";
import { Random } from "../../../engine/random.js";

const test = suite("single-image dataset");

function noise(width: number, height: number, seed: number): Picture {
  const random = new Random(seed);
  return {
    width,
    height,
    channels: 3,
    data: Uint8Array.from({ length: 3 * width * height }, () => random.integer(256)),
  };
}

const pictures: Record<string, Picture> = { monet: noise(90, 50, 1), photo: noise(40, 64, 2), small: noise(90, 15, 3) };

const dataset = (given: Partial<SingleImageOptions> = {}) =>
  new SingleImageDataset({
    filesA: ["monet"],
    filesB: ["photo"],
    read: async (path) => pictures[path],
    direction: "AtoB",
    input_nc: 3,
    output_nc: 3,
    preprocess: "zoom_and_patch",
    load_size: 286,
    crop_size: 16,
    random_scale_max: 3,
    batch_size: 4,
    n_epochs: 8,
    no_flip: false,
    seed: 1,
    ...given,
  });

async function batch(source: SingleImageDataset, epoch: number, from: number): Promise<Batch> {
  for await (const one of source.batches({ epoch, from })) return one;
  throw new Error("there is none");
}

test("a square of the resampled picture is what the whole one has there", () => {
  const picture = noise(37, 29, 4);
  const size = { width: 21, height: 24 };
  const whole = resampledSquare({ ...picture, width: 37 }, { width: 24, height: 24 }, { left: 0, top: 0, side: 24 });
  const part = resampledSquare(picture, { width: 24, height: 24 }, { left: 9, top: 5, side: 11 });
  assert.equal(part, cropPicture(whole, 9, 5, 11, 11));
  // Where nothing is scaled, nothing changes.
  const same = resampledSquare(picture, { width: 37, height: 29 }, { left: 3, top: 2, side: 20 });
  assert.equal(same, cropPicture(picture, 3, 2, 20, 20));
  // A picture of one colour keeps it.
  const gray = { ...picture, data: picture.data.slice().fill(77) };
  assert.ok(resampledSquare(gray, size, { left: 0, top: 0, side: 21 }).data.every((value) => value === 77));
});

test("batches hold crops, follow from seed and epoch, and go on anywhere", async () => {
  const first = await batch(dataset(), 1, 0);
  assert.equal([first.height, first.width, first.A.length, first.B.length], [16, 16, 4 * 3 * 256, 4 * 3 * 256]);
  assert.equal([first.pathsA[3], first.pathsB[0]], ["monet", "photo"]);
  assert.equal(await batch(dataset(), 1, 0), first);
  assert.not.equal((await batch(dataset({ seed: 2 }), 1, 0)).A, first.A);
  assert.not.equal((await batch(dataset(), 2, 0)).A, first.A);
  const source = dataset();
  assert.is(source.batchesPerEpoch, 25_000);
  let count = 0;
  for await (const one of source.batches({ epoch: 1 })) {
    if (count++ < 2) continue;
    assert.equal(await batch(dataset(), 1, 2), one);
    break;
  }
});

test("BtoA makes the second picture the source", async () => {
  const reversed = await batch(dataset({ direction: "BtoA" }), 1, 0);
  assert.equal([reversed.pathsA[0], reversed.pathsB[0]], ["photo", "monet"]);
});

test("a second picture and one smaller than the crop are refused", async () => {
  const messageOf = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  assert.match(
    await messageOf(async () => dataset({ filesB: ["photo", "small"] })),
    "SinCUT learns from one picture a domain, and there are 2 where photo is.",
  );
  assert.match(await messageOf(() => batch(dataset({ filesA: ["small"] }), 1, 0)), "small is 90 x 15 pixels");
});

test.run();
