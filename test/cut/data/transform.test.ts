// What happens to a training picture before the network, against the sizes and pixels that the reference gives.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cropPicture, flipPicture, type Picture } from "../../../cut/data/picture.js";
import { resizePicture } from "../../../cut/data/resize.js";
import { augmentPicture, optionsInEpoch, scalePicture, type TransformOptions } from "../../../cut/data/transform.js";
import { CutgpuError } from "../../../engine/lib/errors.js";
import { Random } from "../../../engine/lib/random.js";

const KEYWORDS = [
  "resize_and_crop",
  "crop",
  "scale_width",
  "scale_width_and_crop",
  "scale_shortside",
  "scale_shortside_and_crop",
  "resize",
  "none",
];

const test = suite("transform");

/** A picture whose pixels say where they are: red is the column, green the row. */
const map = (width: number, height: number): Picture => ({
  width,
  height,
  channels: 3,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return [pixel % width, Math.floor(pixel / width), 0][i % 3];
  }),
});

const options = (preprocess: string, change: Partial<TransformOptions> = {}): TransformOptions => ({
  preprocess,
  load_size: 24,
  crop_size: 16,
  no_flip: true,
  n_epochs: 200,
  ...change,
});

function sizeAfter(picture: Picture, chosen: TransformOptions): number[] {
  const result = augmentPicture(scalePicture(picture, chosen), chosen, new Random(1), "x.png");
  return [result.width, result.height];
}

test("each keyword gives the sizes that the reference gives", () => {
  const sizes = (width: number, height: number) =>
    Object.fromEntries(KEYWORDS.map((keyword) => [keyword, sizeAfter(map(width, height), options(keyword))]));
  assert.equal(sizes(40, 30), {
    resize_and_crop: [16, 16],
    crop: [16, 16],
    scale_width: [24, 16], // 24 x 18; 18 / 4 = 4.5 goes to the even 4
    scale_width_and_crop: [16, 16],
    scale_shortside: [40, 32], // never shrinks; 30 / 4 = 7.5 goes to the even 8
    scale_shortside_and_crop: [16, 16],
    resize: [24, 24],
    none: [40, 32],
  });
  assert.equal(sizes(18, 21), {
    resize_and_crop: [16, 16],
    crop: [16, 16],
    scale_width: [24, 28],
    scale_width_and_crop: [16, 16],
    scale_shortside: [24, 28],
    scale_shortside_and_crop: [16, 16],
    resize: [24, 24],
    none: [16, 20], // 18 / 4 = 4.5 goes to the even 4
  });
});

test("scale_width keeps the height at the crop size at least", () => {
  const scaled = scalePicture(map(100, 20), options("scale_width"));
  assert.equal([scaled.width, scaled.height], [24, 16]);
});

test("sides go to the nearest multiple of 4, half-way cases to the even multiple", () => {
  const rounded = [257, 258, 259, 262].map((side) => sizeAfter(map(side, 4), options("none"))[0]);
  assert.equal(rounded, [256, 256, 260, 264]);
});

test("resize_and_crop is a bicubic resize and then a crop out of it", () => {
  const chosen = options("resize_and_crop");
  const source = map(48, 40);
  const result = augmentPicture(scalePicture(source, chosen), chosen, new Random(3), "x.png");
  const scaled = resizePicture(source, 24, 24);
  const offsets = Array.from({ length: 81 }, (_, i) => [i % 9, Math.floor(i / 9)]);
  const found = offsets.filter(([x, y]) =>
    cropPicture(scaled, x, y, 16, 16).data.every((v, i) => v === result.data[i]),
  );
  assert.is(found.length, 1);
});

test("crops reach every corner, and half of the pictures are mirrored", () => {
  const chosen = options("crop", { no_flip: false });
  const random = new Random(5);
  const source = map(18, 18);
  const seen = new Set<string>();
  let mirrored = 0;
  for (let i = 0; i < 400; i++) {
    let result = augmentPicture(source, chosen, random, "x.png");
    if (result.data[0] > result.data[3]) {
      mirrored++;
      result = flipPicture(result);
    }
    seen.add(`${result.data[0]},${result.data[1]}`);
  }
  assert.is(seen.size, 9);
  assert.ok(Math.abs(mirrored - 200) < 50, `${mirrored}`);
});

test("no_flip never mirrors", () => {
  const random = new Random(6);
  for (let i = 0; i < 50; i++) {
    const result = augmentPicture(map(16, 16), options("crop"), random, "x.png");
    assert.ok(result.data[0] < result.data[3]);
  }
});

test("in the decay phase pictures are scaled straight to the crop size", () => {
  const chosen = options("resize_and_crop");
  assert.is(optionsInEpoch(chosen, 200), chosen);
  const decay = optionsInEpoch(chosen, 201);
  const source = map(40, 30);
  const result = augmentPicture(scalePicture(source, decay), decay, new Random(1), "x.png");
  assert.equal(result.data, resizePicture(source, 16, 16).data);
});

test("a picture smaller than the crop is refused with its name, its size and the ways out", () => {
  const refuse = (keyword: string, change: Partial<TransformOptions>): CutgpuError => {
    const chosen = options(keyword, change);
    try {
      augmentPicture(scalePicture(map(12, 20), chosen), chosen, new Random(1), "zebra 7.jpg");
    } catch (error) {
      if (error instanceof CutgpuError) return error;
    }
    throw new Error("nothing was refused");
  };
  const crop = refuse("crop", {});
  assert.match(crop.message, /zebra 7\.jpg is 12 x 20 pixels .* crop of 16 x 16/);
  assert.match(crop.fix, /preprocess that resizes .*crop_size of 12 or less/);
  const resize = refuse("resize_and_crop", { load_size: 14 });
  assert.match(resize.message, /14 x 14/);
  assert.match(resize.fix, /load_size of 16 or more.*crop_size of 14 or less/);
});

test.run();
