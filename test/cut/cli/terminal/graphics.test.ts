// Pictures on a terminal: what its answers mean, and that a sixel image and kitty's chunks hold the picture.
// biome-ignore-all lint/suspicious/noControlCharactersInRegex: terminals are spoken to in them
import { test } from "uvu";
import * as assert from "uvu/assert";
import { graphicsIn, graphicsText } from "../../../../cut/cli/terminal/graphics.js";
import { sixelOf } from "../../../../cut/cli/terminal/sixel.js";

test("a terminal says what it can show", () => {
  assert.is(graphicsIn("\x1b_Gi=31;OK\x1b\\\x1b[?62;c"), "kitty");
  assert.is(graphicsIn("\x1b[?62;4;22c"), "sixel");
  assert.is(graphicsIn("\x1b[?62;22c"), null, "neither");
  // The first number is the class of the terminal, no attribute.
  assert.is(graphicsIn("\x1b[?4;6c"), null);
  assert.is(graphicsIn("\x1b_Gi=31;EINVAL:no\x1b\\\x1b[?62;22c"), null, "kitty's protocol, but it refuses");
  assert.is(graphicsIn("\x1b[?62;4"), undefined, "an answer under way");
});

/** The pixels that a terminal would paint, as [R, G, B] in percent. */
function paint(sixels: string): { width: number; height: number; pixels: number[][] } {
  const [, w, h, body] = sixels.match(/^\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\$/s) as RegExpMatchArray;
  const [width, height] = [Number(w), Number(h)];
  const palette: number[][] = [];
  const pixels: number[][] = [];
  let [x, top, colour, repeat] = [0, 0, 0, 1];
  for (const [token, index, definition, count, one] of body.matchAll(
    /#(\d+)((?:;\d+){4})?|!(\d+)(?=[?-~])|([?-~])|[$-]/g,
  )) {
    if (token === "$") x = 0;
    else if (token === "-") [x, top] = [0, top + 6];
    else if (definition) palette[Number(index)] = definition.split(";").slice(2).map(Number);
    else if (index) colour = Number(index);
    else if (count) repeat = Number(count);
    else {
      for (; repeat > 0; repeat--, x++) {
        for (let row = 0; row < 6; row++) {
          if ((one.charCodeAt(0) - 63) & (1 << row)) pixels[(top + row) * width + x] = palette[colour];
        }
      }
      repeat = 1;
    }
  }
  return { width, height, pixels };
}
test("a sixel image paints every pixel, at the colour's nearest percent", () => {
  // 7 rows: a second band of one; runs of equal pixels and a single one.
  const [width, height] = [11, 7];
  const colours = [
    [28, 78, 150],
    [255, 255, 255],
    [0, 0, 0],
  ];
  const at = (i: number) => colours[i % 11 === 4 ? 1 : i > 50 ? 2 : 0];
  const bytes = Uint8Array.from(Array.from({ length: width * height }, (_, i) => at(i)).flat());
  const painted = paint(sixelOf(bytes, width, height));
  assert.equal([painted.width, painted.height, painted.pixels.length], [width, height, width * height]);
  painted.pixels.forEach((pixel, i) => {
    assert.equal(
      pixel,
      at(i).map((byte) => Math.round((100 * byte) / 255)),
    );
  });
});

test("more colours than a sixel image has come out as their nearest", () => {
  const [width, height] = [64, 64];
  const bytes = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [p, c] = [Math.floor(i / 3), i % 3];
    return [4 * (p % 64), 4 * Math.floor(p / 64), 128][c];
  });
  const { pixels } = paint(sixelOf(bytes, width, height));
  const worst = pixels.reduce(
    (most, pixel, i) => Math.max(most, ...pixel.map((value, c) => Math.abs(value - (100 * bytes[3 * i + c]) / 255))),
    0,
  );
  assert.ok(worst < 5, `off by ${worst} percent`);
});

test("kitty gets the file in chunks of at most 4,096 characters, the last one marked", () => {
  const png = Uint8Array.from({ length: 8000 }, (_, i) => i % 251);
  const picture = { width: 1, height: 1, channels: 3 as const, data: new Uint8Array(3) };
  const chunks = [...graphicsText("kitty", picture, png).matchAll(/\x1b_G([^;]*);([^\x1b]*)\x1b\\/g)];
  assert.equal(
    chunks.map(([, control]) => control),
    ["a=T,f=100,m=1", "m=1", "m=0"],
  );
  assert.ok(chunks.every(([, , data]) => data.length <= 4096));
  assert.equal(new Uint8Array(Buffer.from(chunks.map(([, , data]) => data).join(""), "base64")), png);
});

test.run();
