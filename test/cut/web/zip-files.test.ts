// Zips of the page that are too large to make in a browser's test.
import { zipSync } from "fflate";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ZipSource, zipFiles } from "../../../cut/web/zip-files.js";
import { CutgpuError } from "../../../engine/core/errors.js";

test("files that are unpacked in several pieces are all there, whole", async () => {
  const sizes = [40, 5, 70, 0, 30];
  const contents = sizes.map((size, i) => new Uint8Array(size << 20).fill(i + 1));
  const zip = zipSync(Object.fromEntries(contents.map((bytes, i) => [`run/${i}`, bytes])), { level: 0 });
  const source = await ZipSource.open({ path: "run.zip", file: new File([zip as Uint8Array<ArrayBuffer>], "run.zip") });
  const files = source.unpack(source.files);
  assert.equal(
    files.map(({ path }) => path),
    sizes.map((_, i) => `run/${i}`),
  );
  for (const [i, { file }] of files.entries()) {
    assert.is(Buffer.compare(Buffer.from(await file.arrayBuffer()), contents[i]), 0, `file ${i}`);
  }
});

test("files that are more than a zip holds are refused before they are read", async () => {
  const unread = { size: 2 ** 31, arrayBuffer: () => Promise.resolve(new ArrayBuffer(1)) } as Blob;
  const files = (async function* () {
    for (const path of ["a", "b"]) yield { path, content: unread };
  })();
  try {
    await zipFiles(files);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, CutgpuError);
    assert.match((error as CutgpuError).message, /more than the 4 GiB that a zip holds/);
  }
});

test.run();
