// Names made from names: short enough, no two alike, and a picture's own where it can be kept.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { freeName, shortenName, translationNames } from "../../../cut/data/file-names.js";

const bytes = (text: string) => Buffer.byteLength(text);

test("names are cut at whole characters, in bytes", () => {
  assert.is(shortenName("horse"), "horse");
  const long = shortenName("🐎".repeat(80), ".png");
  assert.is(long, "🐎".repeat(62));
  assert.ok(bytes(`${long}.png`) <= 255);
});

test("a name that is taken gets a number, also where only case or the form of accents differs", () => {
  const taken = new Set<string>();
  const names = ["é", "É", "e\u0301", "b"].map((stem) => freeName(stem, ".png", taken));
  assert.equal(names, ["é.png", "É-2.png", "e\u0301-3.png", "b.png"]);
  const long = [1, 2].map(() => freeName(`in/${"x".repeat(300)}`, ".png", taken).slice(3));
  assert.equal(long.map(bytes), [255, 255]);
  assert.is.not(long[0], long[1]);
});

test("translations keep the names of their pictures, and those whose ending changes give way", () => {
  assert.equal(translationNames(["a.bmp", "a.png", "a.tif", "b.JPG", "b.webp"]), [
    ...["a.bmp.png", "a.png", "a.tif.png", "b.JPG", "b.png"],
  ]);
  assert.equal(translationNames(["x/c.tif", "x/c.webp", "y/c.tif", "C.PNG", "c.bmp"]), [
    ...["x/c.png", "x/c.webp.png", "y/c.png", "C.PNG", "c.bmp.png"],
  ]);
});

test("only endings that say picture are replaced", () => {
  assert.equal(translationNames(["photo", "v1.2", "scan.gif", ".png", "a.jpeg"]), [
    ...["photo.png", "v1.2.png", "scan.png", ".png.png", "a.jpeg"],
  ]);
});

test.run();
