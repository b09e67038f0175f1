// Pictures of two folders that belong together by their names: translations and their truths (Node only).
import { relative } from "node:path";
import { CutgpuError } from "../../engine/lib/errors.js";
import { pictureExtension } from "../data/picture-extensions.js";

/** A folder's pictures, and its name in error messages, such as "--fakes DIR". */
export interface NamedFolder {
  what: string;
  folder: string;
  files: readonly string[];
}

/** For every picture the one of `others` with the same path below its folder, whatever the extension. */
export function matchPictures(pictures: NamedFolder, others: NamedFolder): string[] {
  const [mine, theirs] = [byName(pictures), byName(others)];
  refuseUnmatched(mine, theirs, pictures, others);
  refuseUnmatched(theirs, mine, others, pictures);
  return [...mine.keys()].map((name) => theirs.get(name)!);
}

/** The files by their paths without extension. */
function byName({ what, folder, files }: NamedFolder): Map<string, string> {
  const named = new Map<string, string>();
  for (const file of files) {
    const path = relative(folder, file);
    const name = path.slice(0, path.length - pictureExtension(path).length);
    const twin = named.get(name);
    if (twin) {
      throw new CutgpuError(
        "PAIRS",
        `${what}: ${relative(folder, twin)} and ${path} have one name but for their ending;`,
        "rename or remove one of them.",
      );
    }
    named.set(name, file);
  }
  return named;
}

function refuseUnmatched(
  mine: ReadonlyMap<string, string>,
  theirs: ReadonlyMap<string, string>,
  pictures: NamedFolder,
  others: NamedFolder,
): void {
  const alone = [...mine].filter(([name]) => !theirs.has(name)).map(([, file]) => relative(pictures.folder, file));
  if (alone.length === 0) return;
  throw new CutgpuError(
    "PAIRS",
    `${alone.length} of ${mine.size} pictures of ${pictures.what} have none of the same name in ${others.what}, ` +
      `the first is ${alone[0]};`,
    "give folders whose pictures have the same names.",
  );
}
