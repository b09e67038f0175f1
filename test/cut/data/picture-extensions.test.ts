// Endings that mean a picture.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isPictureName, pictureExtension } from "../../../cut/data/picture-extensions.js";

test("endings are told whatever their case, and a name that is nothing else has none", () => {
  assert.equal(["a.JPG", "b/c.tiff", "d.heic", ".png", "in/.png", "e", "f.txt"].map(pictureExtension), [
    ...[".JPG", ".tiff", ".heic", "", "", "", ""],
  ]);
  assert.equal(["a.JPG", "a\n.png", "d.heic", ".png", "png"].map(isPictureName), [true, true, false, false, false]);
});

test.run();
