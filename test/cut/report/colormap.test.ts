// The colours of maps.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { falseColour } from "../../../cut/report/colormap.js";

test("lightness rises with every step of the colour scale", () => {
  const luminance = Array.from({ length: 256 }, (_, i) => {
    const [r, g, b] = falseColour(i / 255).map((byte) => (byte / 255) ** 2.2);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  });
  assert.ok(luminance.every((value, i) => i === 0 || value > luminance[i - 1] - 1e-3));
  assert.ok(luminance[255] > 0.7 && luminance[0] < 0.03);
  assert.equal(falseColour(Number.NaN), falseColour(0));
  assert.equal(falseColour(7), falseColour(1));
});

test.run();
