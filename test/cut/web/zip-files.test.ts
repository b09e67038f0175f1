// Zips of the page: those that are too large to make in a browser's test, and damage that only a check sum shows.
import { strFromU8, strToU8, zipSync } from "fflate";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ZipSource, zipFiles } from "../../../cut/web/zip-files.js";
import { CutgpuError, FormatError } from "../../../engine/lib/errors.js";

test("files that are unpacked in several pieces are all there, whole", async () => {
  const sizes = [40, 5, 70, 0, 30];
  const contents = sizes.map((size, i) => new Uint8Array(size << 20).fill(i + 1));
  const zip = zipSync(Object.fromEntries(contents.map((bytes, i) => [`run/${i}`, bytes])), { level: 0 });
  const source = await ZipSource.open({ path: "run.zip", file: new File([zip as Uint8Array<ArrayBuffer>], "run.zip") });
  const files = await source.unpack(source.files);
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

const sourceOf = (zip: Uint8Array) =>
  ZipSource.open({ path: "run.zip", file: new File([zip as Uint8Array<ArrayBuffer>], "run.zip") });

const text = strToU8("weights, line by line. ".repeat(40));

async function refused(zip: Uint8Array): Promise<string> {
  const source = await sourceOf(zip);
  try {
    await source.unpack(source.files);
  } catch (error) {
    assert.instance(error, FormatError);
    return `${(error as FormatError).message} ${(error as FormatError).fix}`;
  }
  return assert.unreachable() as never;
}

for (const level of [0, 9] as const) {
  test(`bytes that were changed in a zip of level ${level} are not taken`, async () => {
    const zip = zipSync({ "run/a": text.slice(), "run/b": new Uint8Array(9) }, { level });
    // A letter of the first words: it stands as it is where it is stored, and as a literal where it is packed.
    const at = Buffer.from(zip).indexOf("run/a") + "run/a".length + 9;
    zip[at] ^= 4;
    assert.match(
      await refused(zip),
      /^run\.zip is (truncated or )?damaged: .*"run\/a".* Copy or download the file again/,
    );
  });
}

test("an encrypted file is called so, not damaged", async () => {
  const zip = zipSync({ a: text });
  zip[zip.lastIndexOf(0x50, zip.length - 23) + 8] |= 1;
  assert.match(await refused(zip), /^run\.zip holds "a" encrypted\. Unpack it, and open its folder\.$/);
});

test("check sums are found in a directory of 64 bits", async () => {
  const zip = Buffer.from(zipSync({ a: text, b: text.slice(5) }));
  const end = zip.length - 22;
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeUInt32LE(2, 32);
  end64.writeUInt32LE(zip.readUInt32LE(end + 16), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeUInt32LE(end, 8);
  zip.writeUInt32LE(2 ** 32 - 1, end + 16);
  const source = await sourceOf(Buffer.concat([zip.subarray(0, end), end64, locator, zip.subarray(end)]));
  const [, b] = await source.unpack(source.files);
  assert.is(await b.file.text(), strFromU8(text.slice(5)));
});

test.run();
