// SinCUT's crops: they follow from seed, epoch and index, and what is no single picture, or too small a one, is
// refused.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Crops } from "../../../cut/data/crops.js";
import type { Batch } from "../../../cut/data/dataset.js";
import type { Picture } from "../../../cut/data/picture.js";
import { SingleImageDataset, type SingleImageOptions } from "../../../cut/data/single-image-dataset.js";
import { Random } from "../../../engine/lib/random.js";

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
    max_dataset_size: null,
    n_epochs: 8,
    no_flip: false,
    seed: 1,
    ...given,
  });

async function batch(source: SingleImageDataset, epoch: number, from: number): Promise<Batch<Crops>> {
  for await (const one of source.batches({ epoch, from })) return one;
  throw new Error("there is none");
}

test("batches hold crops, follow from seed and epoch, and go on anywhere", async () => {
  const first = await batch(dataset(), 1, 0);
  assert.equal([first.height, first.width, first.A.length, first.B.length], [16, 16, 4 * 3 * 256, 4 * 3 * 256]);
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

test("max_dataset_size limits the crops of an epoch, as in the reference, and changes none of them", async () => {
  const epoch = (max_dataset_size: number | null) => {
    const { length, batchesPerEpoch } = dataset({ max_dataset_size });
    return [length, batchesPerEpoch];
  };
  assert.equal([null, 200_000, 12, 10, 1].map(epoch), [
    [100_000, 25_000],
    [100_000, 25_000],
    [12, 3],
    [10, 3],
    [1, 1],
  ]);
  let count = 0;
  for await (const one of dataset({ max_dataset_size: 12 }).batches({ epoch: 1 })) {
    assert.equal(await batch(dataset(), 1, count++), one);
  }
  assert.is(count, 3);
});

test("BtoA makes the second picture the source", async () => {
  const asked: [path: string, channels: number][] = [];
  const read: SingleImageOptions["read"] = async (path, channels) => {
    asked.push([path, channels]);
    return pictures[path];
  };
  await batch(dataset({ direction: "BtoA", input_nc: 1, read }), 1, 0);
  assert.equal(asked, [
    ["photo", 1],
    ["monet", 3],
  ]);
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
