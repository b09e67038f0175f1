// Which pictures are taken of what a visitor chooses: files, folders, zips, and data sets in any of them.
import { strToU8, zipSync } from "fflate";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { choosePictures } from "../../../cut/web/chosen-pictures.js";
import { dataSetAmong } from "../../../cut/web/data-set.js";
import type { NamedFile } from "../../../cut/web/picture-files.js";
import { CutgpuError } from "../../../engine/lib/errors.js";

const fileOf = (path: string, bytes: Uint8Array = new Uint8Array(1)): NamedFile => ({
  path,
  file: new File([bytes as Uint8Array<ArrayBuffer>], path),
});
const zipOf = (path: string, ...inside: string[]) =>
  fileOf(path, zipSync(Object.fromEntries(inside.map((name) => [name, strToU8(name)]))));
const said: string[] = [];
const choose = (chosen: readonly NamedFile[]) => choosePictures(chosen, (text) => said.push(text));
const pathsOf = (files: readonly NamedFile[]) => files.map(({ path }) => path);

async function messageOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, CutgpuError);
    return `${(error as CutgpuError).message} ${(error as CutgpuError).fix}`;
  }
  return assert.unreachable() as never;
}

test("a zip is the folder that it unpacks to, and what is left out is counted", async () => {
  const noise = ["__MACOSX/._b.png", ".DS_Store"];
  const { pictures, others } = await choose([zipOf("set.zip", "b.png", "deep/a.JPG", "notes.txt", ...noise)]);
  assert.equal(pathsOf(pictures), ["set/b.png", "set/deep/a.JPG"]);
  assert.is(await pictures[1].file.text(), "deep/a.JPG");
  assert.is(others, 1);
  assert.equal(said, ["Opening set.zip ..."]);
  const dotted = await choose([zipOf("set.zip", "./a.png", "deep\\b.png", "../c.png")]);
  assert.equal(pathsOf(dotted.pictures), ["set/a.png", "set/c.png", "set/deep/b.png"]);
  const named = await choose([zipOf("set.zip", "set/b.png", "set/a.png")]);
  assert.equal(pathsOf(named.pictures), ["set/a.png", "set/b.png"]);
});

test("zips are taken beside pictures; one alone by its bytes, those in folders not at all", async () => {
  const mixed = await choose([fileOf("z.png"), zipOf("one.zip", "a.png"), zipOf("two.zip", "a.png")]);
  assert.equal(pathsOf(mixed.pictures), ["one/a.png", "two/a.png", "z.png"]);
  assert.equal(pathsOf((await choose([zipOf("download", "a.png")])).pictures), ["download/a.png"]);
  const folder = await choose([zipOf("f/one.zip", "a.png"), fileOf("f/b.png"), fileOf("f/._b.png")]);
  assert.equal([pathsOf(folder.pictures), folder.others], [["f/b.png"], 1]);
});

test("a zip that gives no pictures is named in one sentence", async () => {
  const none = zipOf("set.zip", "notes.txt");
  assert.match(await messageOf(choose([fileOf("z.png"), none])), /^There is no picture in set\.zip\. Give a zip/);
  const page = fileOf("set.zip", strToU8("<!doctype html> 404"));
  assert.match(await messageOf(choose([page])), /^set\.zip is truncated or damaged: .* Copy or download /);
  assert.match(await messageOf(choose([fileOf("set.tar.gz")])), /^set\.tar\.gz is an archive, .* Unpack it/);
  const large = fileOf("set.zip");
  Object.defineProperty(large.file, "size", { value: 2 ** 31 });
  assert.match(await messageOf(choose([large])), /^set\.zip is larger than a browser reads at once\. Unpack it/);
});

test("a data set is told from its folders, wherever it lies", () => {
  const set = ["set/testA/1.png", "set/trainA/1.png", "set/trainA/deep/2.png", "set/trainB/1.png", "set/valA/1.png"];
  const found = dataSetAmong(set.map((path) => fileOf(path)));
  assert.is(found?.root, "set/");
  assert.equal(Object.values(found?.folders ?? {}).map(pathsOf), [["1.png", "deep/2.png"], ["1.png"], ["1.png"], []]);
  assert.is(found?.others, 1);
  assert.is(dataSetAmong(["trainA/1.png", "trainB/1.png"].map((path) => fileOf(path)))?.root, "");
  // A run of the page keeps the folder that was chosen for A below its own.
  const run = dataSetAmong(["r/data/trainA/trainA/1.png", "r/data/trainB/trainB/1.png"].map((path) => fileOf(path)));
  assert.equal([run?.root, pathsOf(run?.folders.trainA ?? [])], ["r/data/", ["trainA/1.png"]]);
});

test("one side alone is no data set, and of several none is guessed", () => {
  assert.is(dataSetAmong([fileOf("set/trainA/1.png"), fileOf("set/testA/1.png")]), null);
  assert.is(dataSetAmong([fileOf("a/trainA/1.png"), fileOf("b/trainB/1.png")]), null);
  const two = ["a", "b"].flatMap((root) => [fileOf(`${root}/trainA/1.png`), fileOf(`${root}/trainB/1.png`)]);
  assert.throws(() => dataSetAmong(two), /several data sets, in a\/ and in b\/;/);
});

test.run();
