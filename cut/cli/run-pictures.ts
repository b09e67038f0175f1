// The pictures of a run of the command: files below its dataroot.
import { join, relative } from "node:path";
import type { RunPictures } from "../data/run-pictures.js";
import { readPicture } from "../files/decode.js";
import { listPictures } from "../files/picture-folder.js";
import type { TrainOptions } from "../options/train-schema.js";

export function runPictures({ dataroot, ignore_orientation }: TrainOptions): RunPictures {
  const pathOf = (folder: string) => join(dataroot, folder);
  return {
    list: async (folder) =>
      (await listPictures(pathOf(folder)).catch(() => [])).map((file) => relative(pathOf(folder), file)),
    read: (folder, name, channels) => readPicture(join(pathOf(folder), name), channels, !ignore_orientation),
  };
}
