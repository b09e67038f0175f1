// File names derived from other names (pure): short enough for a file system, no two alike.
import { pictureExtension } from "./picture-extensions.js";

/** The limit of Linux's, macOS's and Windows' file systems, in bytes of UTF-8. */
const NAME_BYTES = 255;

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

/** `name` shortened so that it and `rest` fit into a file name together; whole characters stay. */
export function shortenName(name: string, rest = ""): string {
  const room = NAME_BYTES - bytesOf(rest);
  let used = 0;
  let kept = "";
  for (const character of name) {
    used += bytesOf(character);
    if (used > room) break;
    kept += character;
  }
  return kept;
}

/** Different keys are different files on every file system: macOS and Windows ignore case and the form of accents. */
export const nameKey = (path: string) => path.normalize("NFC").toLowerCase();

/** `stem` + `extension`, with -2, -3, ... between them if its key is in `taken`; adds that of the result. */
export function freeName(stem: string, extension: string, taken: Set<string>): string {
  const folder = stem.slice(0, stem.lastIndexOf("/") + 1);
  const name = stem.slice(folder.length);
  for (let i = 1; ; i++) {
    const rest = i === 1 ? extension : `-${i}${extension}`;
    const path = `${folder}${shortenName(name, rest)}${rest}`;
    if (taken.has(nameKey(path))) continue;
    taken.add(nameKey(path));
    return path;
  }
}

/**
 * The paths of these pictures' translations below a folder: each keeps its name if it is PNG or JPEG, which can be
 * written. The others become PNG and give way: horse.bmp is horse.png, or horse.bmp.png if there is a horse.png.
 */
export function translationNames(names: readonly string[]): string[] {
  const keeps = (name: string) => /^\.(png|jpe?g)$/i.test(pictureExtension(name));
  const taken = new Set(names.filter(keeps).map(nameKey));
  return names.map((name) => {
    if (keeps(name)) return name;
    const stem = name.slice(0, name.length - pictureExtension(name).length);
    return freeName(taken.has(nameKey(`${stem}.png`)) ? name : stem, ".png", taken);
  });
}
