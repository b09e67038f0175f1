// The pictures among what a visitor chose or dropped: files, folders, and zips as the folders that they unpack to.
import { FormatError } from "../../engine/lib/errors.js";
import { isPicture, isVisible, type NamedFile, PICTURES, picturesAmong } from "./picture-files.js";
import { isZip, ZipSource } from "./zip-files.js";

/** Pictures that were chosen, sorted by path, and how many other files with them, hidden ones apart. */
export interface ChosenPictures {
  pictures: NamedFile[];
  others: number;
}

/** Zips inside a folder are files like others. */
const hasZipName = (path: string) => /^[^/]+\.zip$/i.test(path);
/** What is not opened here, and no picture either. */
const isOtherArchive = (path: string) => /^[^/]+\.(rar|7z|tar|t?gz|t?bz2|t?xz|zst)$/i.test(path);

/**
 * The pictures among `chosen`, those in zips unpacked but not decoded, which `say` tells the visitor of. Throws a
 * FormatError that names a zip which is damaged, too large or without pictures, or an archive of another kind, and a
 * CutgpuError where there is no picture at all.
 */
export async function choosePictures(
  chosen: readonly NamedFile[],
  say: (text: string) => void,
): Promise<ChosenPictures> {
  const found: NamedFile[] = [];
  let others = 0;
  for (const one of chosen) {
    if (isOtherArchive(one.path)) {
      throw new FormatError(
        `${one.path} is an archive, and of those only .zip is read.`,
        "Unpack it, and give its folder.",
      );
    }
    if (!hasZipName(one.path) && !(chosen.length === 1 && (await isZip(one)))) {
      found.push(one);
      continue;
    }
    say(`Opening ${one.path} ...`);
    const unpacked = await picturesOfZip(one);
    found.push(...unpacked.pictures);
    others += unpacked.others;
  }
  const pictures = picturesAmong(found);
  const taken = new Set(pictures);
  others += found.filter((one) => isVisible(one.path) && !taken.has(one)).length;
  return { pictures, others };
}

async function picturesOfZip(zip: NamedFile): Promise<ChosenPictures> {
  const source = await ZipSource.open(zip);
  const visible = source.files.filter(({ path }) => isVisible(path));
  const pictures = visible.filter(({ path }) => isPicture(path));
  if (pictures.length === 0) {
    throw new FormatError(`There is no picture in ${zip.path}.`, `Give a zip that holds ${PICTURES}.`);
  }
  const folder = `${zip.path.replace(/\.zip$/i, "")}/`;
  const within = pictures.every(({ path }) => path.startsWith(folder)) ? "" : folder;
  const unpacked = (await source.unpack(pictures)).map(({ path, file }) => ({ path: within + path, file }));
  return { pictures: unpacked, others: visible.length - pictures.length };
}
