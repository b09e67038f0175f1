// Files that hold no weights are refused by both readers in words about what they look like.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parsePth } from "../../../engine/formats/pth.js";
import { parseSafetensors } from "../../../engine/formats/safetensors.js";
import { FormatError } from "../../../engine/lib/errors.js";

const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const files: [beginning: string, said: RegExp][] = [
  ["", /is empty/],
  ["version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", /git-lfs pointer.* git lfs pull/],
  ["\n<!doctype html>\n<title>Sign in</title>", /a web page.* download the file itself/],
  ["\xef\xbb\xbf<HTML><body>404</body></HTML>", /a web page/],
  ["<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", /a web page/],
  // Its first eight bytes would be the length of a short header.
  [`\x1f\x8b\x08\0\0\0\0\0\0\x03${"x".repeat(600)}`, /a gzip archive.* Unpack it/],
  ["7z\xbc\xaf\x27\x1c\0\x04\x01\x02", /an archive/],
  [`model.pth${"\0".repeat(248)}ustar\x0000`, /an archive/],
  ['{"error": "not found", "status": 404}', /JSON text/],
  ['[{"x": 1}, {"y": 2}]', /JSON text/],
  ["\x89PNG\r\n\x1a\n\0\0\0\rIHDR", /a picture/],
  ["\x89HDF\r\n\x1a\n\0\0\0", /an HDF5 file/],
  ["\x08\x07\x12\x07pytorch", /an ONNX model/],
  ["\0".repeat(600), /nothing but zeros/],
  ["Weights are on our drive.\n", /a text file/],
  ["\xf3\x0d\x0d\x0a\x99\x88\x77\x66\x55", /begins with the bytes f3 0d 0d 0a/],
];

for (const [beginning, said] of files) {
  test(`refuses what begins with ${JSON.stringify(beginning.slice(0, 20))}`, () => {
    const bytes = latin(beginning);
    const readers = [parsePth, parseSafetensors];
    for (const read of readers) {
      assert.throws(
        () => read(bytes, "net.pth"),
        (error: unknown) =>
          error instanceof FormatError &&
          error.message.startsWith("net.pth ") &&
          said.test(`${error.message} ${error.fix}`) &&
          !/malicious|another function/.test(error.message + error.fix),
      );
    }
  });
}

test.run();
