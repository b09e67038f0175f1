// Pictures of all sizes and kinds to translate, and what came of them.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { assertStatus, cutgpu, makeDataset, makePicture, tiny } from "./command.js";

/** Makes the pictures in `folder`. */
export async function makeInputs(folder: string): Promise<void> {
  await Promise.all([
    makePicture(join(folder, "odd.png"), { width: 37, height: 26 }),
    makePicture(join(folder, "deep", "er", "photo.JPG"), { width: 24, height: 18, seed: 1 }),
    makePicture(join(folder, "tiny.png"), { width: 5, height: 3, seed: 2 }),
    makePicture(join(folder, "gray.png"), { channels: 1, seed: 3 }),
    makePicture(join(folder, "alpha.png"), { channels: 4, seed: 4 }),
    makePicture(join(folder, "deep.png"), { bits: 16, seed: 5 }),
    makePicture(join(folder, "graydeep.png"), { channels: 1, bits: 16, seed: 3 }),
    makePicture(join(folder, "same.webp"), { seed: 6 }),
    makePicture(join(folder, "same.tif"), { seed: 7 }),
  ]);
}

/** The pictures of a folder by name, as decoded samples. */
export async function decodedPictures(folder: string): Promise<Map<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.(png|jpg)$/i.test(name));
  const pictures = names.sort().map(async (name) => {
    const { data, info } = await sharp(join(folder, name)).raw().toBuffer({ resolveWithObject: true });
    return [name, `${info.width}x${info.height}x${info.channels} ${data.toString("base64")}`] as const;
  });
  return new Map(await Promise.all(pictures));
}

/** Trains a tiny run `runs/r` in `folder` for three steps, and translates the inputs in `in` with it to `out`. */
export async function trainAndTranslate(folder: string): Promise<void> {
  await makeDataset(join(folder, "data"), 2);
  await makeInputs(join(folder, "in"));
  const train = ["train", "--dataroot", "data", "--name", "r", ...tiny, "--max_steps", "3"];
  assertStatus(await cutgpu(train, { cwd: folder }), 0);
  assertStatus(await cutgpu(["translate", "--model", "r", "--in", "in", "--out", "out"], { cwd: folder }), 0);
}
