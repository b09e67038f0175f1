// PPM files made by hand, byte by byte.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodePpm, isPpm } from "../../../cut/data/ppm.js";
import { FormatError } from "../../../engine/lib/errors.js";

const ppm = (header: string, ...samples: number[]) =>
  Uint8Array.from([...new TextEncoder().encode(header), ...samples]);

test("colour and gray, comments, other maxima, 16 bits", () => {
  assert.ok(isPpm(ppm("P6\n")) && !isPpm(ppm("PK\n")));
  const colour = decodePpm(ppm("P6\n# by hand\n2 1\n255\n", 1, 2, 3, 10, 13, 32));
  assert.equal([colour.width, colour.height, colour.channels, ...colour.data], [2, 1, 3, 1, 2, 3, 10, 13, 32]);
  assert.equal([...decodePpm(ppm("P5 2 1 15 ", 15, 5)).data], [255, 85]);
  // 25.5 and 76.5: PIL rounds halves to even.
  assert.equal([...decodePpm(ppm("P5 2 1 100 ", 10, 30)).data], [26, 76]);
  assert.equal([...decodePpm(ppm("P5 2 1 65535\n", 255, 255, 128, 128)).data], [255, 128]);
});

test("what is cut off, of text or damaged is refused", () => {
  for (const bytes of [
    ppm("P6\n2 1\n255\n", 1, 2, 3),
    ppm("P3\n1 1\n255\n1 2 3\n"),
    ppm("P6\n0 1\n255\n"),
    ppm("P6\n1"),
  ]) {
    assert.throws(
      () => decodePpm(bytes),
      (error: unknown) => error instanceof FormatError,
    );
  }
});

test.run();
