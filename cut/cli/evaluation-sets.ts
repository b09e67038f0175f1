// The sets of pictures that `cutgpu evaluate` compares: listed and their sizes checked before any work, so that sets
// that cannot be compared are reported at once, and read one by one.
import { basename, relative } from "node:path";
import type { Gpu } from "../../engine/core/gpu.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import { type Picture, toChannels } from "../data/picture.js";
import { PATCH } from "../evaluation/laplacian-pyramid.js";
import type { PictureSet } from "../evaluation/pairs.js";
import { MIN_PICTURES } from "../evaluation/train-test-split.js";
import { decodePicture, measurePictures, readPicture, readPictureBytes } from "../files/decode.js";
import { listPictures } from "../files/picture-folder.js";
import type { NamedFolder } from "../files/picture-pairs.js";
import { readWhole } from "../files/read-whole.js";
import { OptionError } from "../options/schema.js";
import { loadGenerator } from "../training/generator-file.js";
import { Translator } from "../translation/translator.js";

/** The pictures of the folder that an option names. Throws a CutgpuError where there are fewer than 2. */
export async function listFolder(name: string, folder: string): Promise<NamedFolder> {
  const files = await listPictures(folder);
  const what = `${name} ${folder}`;
  if (files.length >= MIN_PICTURES) return { what, folder, files };
  throw new CutgpuError(
    "FOLDER",
    `${what} holds ${files.length} picture, and ${MIN_PICTURES} are needed at least;`,
    "add some.",
  );
}

/** Throws where pictures are read as they are, `size` being null, and differ in size, or are smaller than a patch. */
export async function checkSizes(folders: readonly NamedFolder[], size: number | null): Promise<void> {
  let first = "";
  for (const { what, files } of folders) {
    for (const { path, size: own } of await measurePictures(files)) {
      // Reading it reports what is wrong with it.
      const { width, height } = own ?? (await readPicture(path, 3));
      const here = `${width} x ${height} pixels (${basename(path)} in ${what})`;
      if (size !== null) continue;
      if (Math.min(width, height) < PATCH) {
        throw new CutgpuError("SIZE", `pictures of ${here} are smaller than the patches of SWD;`, "give --size 64.");
      }
      first ||= here;
      if (first.split(" (")[0] === here.split(" (")[0]) continue;
      throw new OptionError(
        `pictures of ${first} and of ${here} cannot be compared as they are;`,
        `scale all to one size: --size ${Math.max(16, Math.min(width, height))}.`,
      );
    }
  }
}

const namesOf = ({ folder, files }: NamedFolder) => files.map((file) => relative(folder, file));

/** A set of files; read() is decode() of a file's bytes. */
export interface FileSet extends PictureSet {
  files: readonly string[];
  decode(bytes: Uint8Array, file: string): Promise<Picture>;
}

function fileSet(folder: NamedFolder, decode: FileSet["decode"]): FileSet {
  const { files } = folder;
  const read = async (i: number) => decode(await readPictureBytes(files[i]), files[i]);
  return { names: namesOf(folder), files, decode, read };
}

/** The pictures of a folder, in colour. */
export const picturesOf = (folder: NamedFolder): FileSet =>
  fileSet(folder, (bytes, file) => decodePicture(bytes, file, 3));

/** The translations of a folder's pictures by the model in `file`, made when they are asked for. */
export function translationsOf(gpu: Gpu, file: string, folder: NamedFolder): FileSet {
  const translator = new Translator(gpu, loadGenerator(gpu, readWhole(file), file));
  const channels = translator.generator.architecture.input_nc as 1 | 3;
  return fileSet(folder, async (bytes, from) =>
    toChannels(await translator.translate(await decodePicture(bytes, from, channels)), 3),
  );
}
