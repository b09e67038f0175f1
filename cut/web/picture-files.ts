// Files that a visitor drops or chooses: the pictures among them with their paths, in code-unit order as the command
// lists a folder, so that the same folder gives the same order here and there.
import { CutgpuError } from "../../engine/lib/errors.js";
import { isPictureName } from "../data/picture-extensions.js";
import { unreadable } from "./chosen-content.js";
import { byId } from "./dom.js";
import { attempt } from "./messages.js";

/** A file and its path below what was chosen, such as "horses/n0238.jpg". */
export interface NamedFile {
  path: string;
  file: File;
}

/** Whether neither a file nor a folder in what was chosen is hidden, such as the "._" files that macOS writes. */
export const isVisible = (path: string): boolean => !/\/\.|^\.[^/]*$/.test(path);

/** Whether listPictures of cut/files/picture-folder.ts would take a file of this name. */
export const isPicture = (path: string): boolean => isPictureName(path) && isVisible(path);

/** What a visitor is asked for. */
export const PICTURES = "pictures (jpg, png, webp, bmp or ppm)";

/** The files of an <input type="file">, which is emptied so that the same choice can be made again. */
function chosenFiles(input: HTMLInputElement): NamedFile[] {
  const files = Array.from(input.files ?? [], (file) => ({ path: file.webkitRelativePath || file.name, file }));
  input.value = "";
  return files;
}

/** The files of a drop, those in dropped folders too. */
async function droppedFiles(transfer: DataTransfer): Promise<NamedFile[]> {
  // Entries must be requested before the first await: then the browser forgets the drop.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: NamedFile[] = [];
  if (entries.length === 0) return Array.from(transfer.files, (file) => ({ path: file.name, file }));
  for (const entry of entries) {
    await collect(entry, found).catch(() => {
      throw unreadable(entry.name);
    });
  }
  return found;
}

async function collect(entry: FileSystemEntry, found: NamedFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader gives at most a hundred at a time, and nothing at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inside of some) await collect(inside, found);
  }
}

/**
 * The pictures among `files`, sorted by path. A single file is taken whatever it is called: its bytes decide. Throws a
 * CutgpuError where there is none.
 */
export function picturesAmong<F extends { path: string }>(files: readonly F[]): F[] {
  const pictures = files.length === 1 ? [...files] : files.filter(({ path }) => isPicture(path));
  if (pictures.length === 0) {
    const what = files.length === 0 ? "Nothing was chosen" : `There is no picture among the ${files.length} files`;
    throw new CutgpuError("FOLDER", `${what};`, `choose ${PICTURES} or a folder of them.`);
  }
  return pictures.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Takes the files that are chosen by these inputs or dropped on an area, all of them by their ids. */
export function acceptFiles(
  inputs: readonly string[],
  area: string,
  take: (files: NamedFile[]) => void | Promise<void>,
): void {
  for (const id of inputs) {
    const input = byId(id, "input");
    input.addEventListener("change", () => attempt(() => take(chosenFiles(input))));
  }
  const target = byId(area, "div");
  target.addEventListener("dragover", (event) => {
    event.preventDefault();
    target.classList.add("over");
  });
  target.addEventListener("dragleave", () => target.classList.remove("over"));
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    target.classList.remove("over");
    const { dataTransfer } = event;
    if (dataTransfer) attempt(async () => take(await droppedFiles(dataTransfer)));
  });
}
