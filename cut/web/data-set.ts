// A data set among chosen pictures: those in folders trainA and trainB side by side, and testA and testB where they are
// there, as the command's --dataroot has them.
import { CutgpuError } from "../../engine/lib/errors.js";
import type { NamedFile } from "./picture-files.js";

const FOLDERS = ["trainA", "trainB", "testA", "testB"] as const;

export interface DataSet {
  /** The path of its folder, as in "horse2zebra/"; "" where its folders themselves were dropped. */
  root: string;
  /** The pictures of each folder, by their paths in it. */
  folders: Record<(typeof FOLDERS)[number], NamedFile[]>;
  /** How many pictures are in none of the folders. */
  others: number;
}

/** The data set that is least deep among the pictures; null where there is none. Throws a CutgpuError on several. */
export function dataSetAmong(pictures: readonly NamedFile[]): DataSet | null {
  const rootsOf = (folder: string) => {
    const upTo = new RegExp(`^((?:[^/]+/)*?)${folder}/`);
    return new Set(pictures.flatMap(({ path }) => upTo.exec(path)?.[1] ?? []));
  };
  const ofB = rootsOf("trainB");
  const roots = [...rootsOf("trainA")].filter((root) => ofB.has(root));
  const depth = (root: string) => root.split("/").length;
  const least = Math.min(...roots.map(depth));
  const [root, second] = roots.filter((each) => depth(each) === least);
  if (root === undefined) return null;
  if (second !== undefined) {
    throw new CutgpuError("FOLDER", `There are several data sets, in ${root} and in ${second};`, "choose one of them.");
  }
  const within = (folder: string) =>
    pictures
      .filter(({ path }) => path.startsWith(`${root}${folder}/`))
      .map(({ path, file }) => ({ path: path.slice(root.length + folder.length + 1), file }));
  const folders = Object.fromEntries(FOLDERS.map((folder) => [folder, within(folder)])) as DataSet["folders"];
  const taken = FOLDERS.reduce((sum, folder) => sum + folders[folder].length, 0);
  return { root, folders, others: pictures.length - taken };
}
