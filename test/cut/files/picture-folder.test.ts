// The pictures of a folder: which are found, in which order, and what is refused.
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { listPictures } from "../../../cut/files/picture-folder.js";
import { CutgpuError } from "../../../engine/lib/errors.js";

const test = suite<{ folder: string }>("folder");

test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), "cutgpu-folder-"));
});
test.after.each(({ folder }) => rm(folder, { recursive: true }));

/** Makes empty files; the listing goes by names alone. */
async function touch(folder: string, names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), "");
  }
}

const list = async (folder: string, limit: number | null = null) =>
  (await listPictures(folder, limit)).map((path) => relative(folder, path));

async function refusal(folder: string): Promise<CutgpuError> {
  try {
    await listPictures(folder);
  } catch (error) {
    if (error instanceof CutgpuError) return error;
  }
  throw new Error(`${folder} was accepted`);
}

test("lists every kind of picture in any case, below any folder, in code-unit order of the paths", async ({
  folder,
}) => {
  const pictures = ["B.JPG", "a.jpeg", "b/z.Png", "b/c/d.webp", "b/c/e.tif", "b/f.TIFF", "g.bmp", "h.PPM"];
  await touch(folder, [...pictures, "readme.txt", "jpg", "b/x.jpg.part", "raw.cr2"]);
  assert.equal(await list(folder), [
    "B.JPG",
    "a.jpeg",
    "b/c/d.webp",
    "b/c/e.tif",
    "b/f.TIFF",
    "b/z.Png",
    "g.bmp",
    "h.PPM",
  ]);
});

test("odd names are names like others", async ({ folder }) => {
  const names = ["#1 50% (copy).png", "-rf.png", "new\nline.png", "zèbre 馬.png", "'quoted\".png"];
  await touch(folder, names);
  assert.equal(await list(folder), [...names].sort());
});

test("a folder that ends like a picture is a folder", async ({ folder }) => {
  await touch(folder, ["album.png/inside.png"]);
  assert.equal(await list(folder), ["album.png/inside.png"]);
});

test("max_dataset_size keeps the first ones", async ({ folder }) => {
  await touch(folder, ["c.png", "a/z.png", "b.png"]);
  assert.equal(await list(folder, 2), ["a/z.png", "b.png"]);
  assert.is((await list(folder, 9)).length, 3);
});

test("follows links to files and folders, keeps a dead link for decoding to report, and ends on a loop", async ({
  folder,
}) => {
  await touch(folder, ["set/real.png", "elsewhere/far.png"]);
  await symlink(join(folder, "elsewhere"), join(folder, "set/linked"));
  await symlink(join(folder, "elsewhere/far.png"), join(folder, "set/one.png"));
  await symlink(join(folder, "nowhere.png"), join(folder, "set/dead.png"));
  await symlink(join(folder, "set"), join(folder, "set/loop"));
  assert.equal(await list(join(folder, "set")), ["dead.png", "linked/far.png", "one.png", "real.png"]);
});

test("what is hidden is no picture, and is not counted", async ({ folder }) => {
  await touch(folder, ["._a.png", "a.png", ".thumbnails/b.png", "c/._d.jpg", "c/d.jpg", "__MACOSX/._a.png", ".png"]);
  assert.equal(await list(folder), ["a.png", "c/d.jpg"]);
  assert.equal(await list(folder, 1), ["a.png"]);
  // A folder that is named is meant.
  assert.equal(await list(join(folder, ".thumbnails")), ["b.png"]);
});

test("pipes, and links to them, are no pictures: reading one may never end", async ({ folder }) => {
  await touch(folder, ["a.png"]);
  spawnSync("mkfifo", [join(folder, "pipe.png")]);
  await symlink(join(folder, "pipe.png"), join(folder, "link.png"));
  await symlink("/dev/zero", join(folder, "endless.png"));
  assert.equal(await list(folder), ["a.png"]);
});

test("a missing folder, a file, and a folder without pictures are refused by name", async ({ folder }) => {
  await touch(folder, ["note.txt"]);
  const missing = await refusal(join(folder, "trainA"));
  assert.match(missing.message, /There is no folder .*trainA\.$/);
  assert.match(missing.fix, /folder that holds pictures \(jpg, /);
  assert.match((await refusal(join(folder, "note.txt"))).message, /note\.txt is a file, not a folder/);
  assert.match((await refusal(folder)).message, new RegExp(`There is no picture in ${folder}`));
});

test.run();
