// Picture files: what is read from every kind, what is refused, and what is written.
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Picture, PictureError } from "../../../cut/data/picture.js";
import { measurePictures, readPicture, writePicture } from "../../../cut/files/decode.js";
import { CutgpuError } from "../../../engine/lib/errors.js";
import { Random } from "../../../engine/lib/random.js";

const test = suite<{ at: (name: string) => string; folder: string }>("decode");

test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), "cutgpu-decode-"));
  context.at = (name) => join(context.folder, name);
});
test.after.each(({ folder }) => rm(folder, { recursive: true }));

const raw = (bytes: number[], width: number, height: number, channels: 1 | 2 | 3 | 4) =>
  sharp(Uint8Array.from(bytes), { raw: { width, height, channels } });

function noise(width: number, height: number, channels: 1 | 3): Picture {
  const random = new Random(1);
  const data = Uint8Array.from({ length: width * height * channels }, () => random.integer(256));
  return { width, height, channels, data };
}

async function refusal(file: string): Promise<PictureError> {
  try {
    await readPicture(file, 3);
  } catch (error) {
    if (error instanceof PictureError) return error;
    throw error;
  }
  throw new Error(`${file} was accepted`);
}

const rgb = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30];

test("lossless formats give the pixels, whatever the name says", async ({ at }) => {
  const image = raw(rgb, 2, 2, 3);
  await image.clone().png().toFile(at("a.png"));
  await image.clone().webp({ lossless: true }).toFile(at("b.WEBP"));
  await image.clone().tiff({ compression: "lzw" }).toFile(at("c.tif"));
  await writeFile(at("is a png, says 100% #jpg.jpg"), await image.clone().png().toBuffer());
  for (const name of ["a.png", "b.WEBP", "c.tif", "is a png, says 100% #jpg.jpg"]) {
    const picture = await readPicture(at(name), 3);
    assert.equal([picture.width, picture.height, picture.channels], [2, 2, 3]);
    assert.equal([...picture.data], rgb, name);
  }
});

test("gray becomes three channels and colour becomes luma, as wanted", async ({ at }) => {
  await raw([0, 100, 200, 255], 2, 2, 1).toColourspace("b-w").png().toFile(at("gray.png"));
  await raw(rgb, 2, 2, 3).png().toFile(at("rgb.png"));
  assert.equal([...(await readPicture(at("gray.png"), 1)).data], [0, 100, 200, 255]);
  assert.equal([...(await readPicture(at("gray.png"), 3)).data].slice(0, 6), [0, 0, 0, 100, 100, 100]);
  assert.equal([...(await readPicture(at("rgb.png"), 1)).data], [76, 150, 29, 18]);
});

test("palettes are looked up", async ({ at }) => {
  await raw(rgb, 2, 2, 3).png({ palette: true, effort: 10 }).toFile(at("palette.png"));
  const { data } = await readPicture(at("palette.png"), 3);
  data.forEach((value, i) => {
    assert.ok(Math.abs(value - rgb[i]) <= 2, `${data}`);
  });
});

test("16 bits are scaled to 8 and rounded, colour and gray, not clipped", async ({ at }) => {
  const levels = Uint16Array.of(0, 257, 65535, 1000, 128, 129, 40000, 3, 900, 65534, 32768, 32767);
  const expected = Array.from(levels, (v) => Math.round(v / 257));
  const colour = { raw: { width: 2, height: 2, channels: 3 as const } };
  await sharp(levels, colour).toColourspace("rgb16").png().toFile(at("rgb16.png"));
  await sharp(levels, colour).toColourspace("rgb16").tiff({ compression: "lzw" }).toFile(at("rgb16.tif"));
  const gray = { raw: { width: 12, height: 1, channels: 1 as const } };
  await sharp(levels, gray).toColourspace("grey16").png().toFile(at("gray16.png"));
  assert.is((await sharp(at("gray16.png")).metadata()).depth, "ushort");
  for (const name of ["rgb16.png", "rgb16.tif"])
    assert.equal([...(await readPicture(at(name), 3)).data], expected, name);
  assert.equal([...(await readPicture(at("gray16.png"), 1)).data], expected);
});

test("alpha is laid on white", async ({ at }) => {
  await raw([10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 51], 3, 1, 4).png().toFile(at("rgba.png"));
  assert.equal([...(await readPicture(at("rgba.png"), 3)).data], [10, 20, 30, 255, 255, 255, 204, 224, 255]);
  await raw([0, 128, 0, 255], 2, 1, 2).toColourspace("b-w").png().toFile(at("gray alpha.png"));
  assert.equal([...(await readPicture(at("gray alpha.png"), 1)).data], [127, 0]);
});

test("photographs are turned upright as their EXIF says, or left as they lie", async ({ at }) => {
  // Two pixels beside each other, the left one dark.
  for (const [name, bits] of Object.entries({ "turned.jpg": 8, "turned.png": 16 })) {
    const image = raw(
      new Array(16 * 8).fill([9, 9, 9]).flatMap((p, i) => (i % 16 < 8 ? p : [240, 240, 240])),
      16,
      8,
      3,
    );
    await (bits === 16 ? image.toColourspace("rgb16") : image).withMetadata({ orientation: 6 }).toFile(at(name));
    const upright = await readPicture(at(name), 3);
    assert.equal([upright.width, upright.height], [8, 16]);
    assert.ok(upright.data[0] < 60 && (upright.data.at(-1) as number) > 200, "its left is above");
    const lying = await readPicture(at(name), 3, false);
    assert.equal([lying.width, lying.height], [16, 8]);
  }
});

test("a TIFF is upright also where orientations are ignored, as PIL has it", async ({ at }) => {
  const row = Array.from({ length: 16 }, (_, i) => [16 * i, 0, 0]).flat();
  await raw(row, 16, 1, 3).withMetadata({ orientation: 6 }).tiff({ compression: "lzw" }).toFile(at("turned.tif"));
  const { width, height, data } = await readPicture(at("turned.tif"), 3, false);
  assert.equal([width, height, data[3]], [1, 16, 16]);
  const [{ size }] = await measurePictures([at("turned.tif")], false);
  assert.equal(size, { width: 1, height: 16 });
});

test("a name that is not UTF-8 is told to be one", async ({ at, folder }) => {
  if (process.platform !== "linux") return;
  await writeFile(Buffer.concat([Buffer.from(`${folder}/a`), Buffer.of(0xff), Buffer.from(".png")]), "x");
  const { message, fix } = await refusal(at("a\ufffd.png"));
  assert.match(message, /: its name is not UTF-8\.$/);
  assert.is(fix, "Rename it.");
});

test("colour profiles of RGB pictures are ignored", async ({ at }) => {
  await raw(rgb, 2, 2, 3).png().withIccProfile("p3", { attach: true }).toFile(at("p3.png"));
  const stored = await sharp(at("p3.png"), { ignoreIcc: true }).raw().toBuffer();
  assert.not.equal([...stored], rgb);
  assert.equal([...(await readPicture(at("p3.png"), 3)).data], [...stored]);
});

test("CMYK is converted", async ({ at }) => {
  const red = Array.from({ length: 64 }, () => [220, 30, 30]).flat();
  await raw(red, 8, 8, 3).toColourspace("cmyk").jpeg({ quality: 100 }).toFile(at("cmyk.jpg"));
  assert.is((await sharp(at("cmyk.jpg")).metadata()).space, "cmyk");
  const { channels, data } = await readPicture(at("cmyk.jpg"), 3);
  assert.is(channels, 3);
  assert.ok(data[0] > 150 && data[1] < 90 && data[2] < 90, `${data.slice(0, 3)}`);
});

test("an animation gives its first frame", async ({ at }) => {
  const frames = raw([...new Array(12).fill(0), ...new Array(12).fill(255)], 2, 4, 3);
  await sharp(await frames.png().toBuffer(), { raw: undefined })
    .png()
    .toFile(at("strip.png"));
  const strip = await sharp(at("strip.png")).raw().toBuffer();
  const animation = sharp(strip, { raw: { width: 2, height: 4, channels: 3, pageHeight: 2 } });
  await animation.webp({ lossless: true, loop: 0, delay: [50, 50] }).toFile(at("moving.webp"));
  assert.is((await sharp(at("moving.webp")).metadata()).pages, 2);
  const picture = await readPicture(at("moving.webp"), 3);
  assert.equal([picture.width, picture.height, ...picture.data], [2, 2, ...new Array(12).fill(0)]);
});

test("empty, missing, truncated and corrupt files are refused by name with a reason", async ({ at }) => {
  const { data } = noise(64, 64, 3);
  const image = raw([...data], 64, 64, 3);
  const jpeg = await image.clone().jpeg().toBuffer();
  const png = await image.clone().png().toBuffer();
  const broken = Uint8Array.from(png);
  broken[png.length >> 1] ^= 0xff;
  const bad: Record<string, [Uint8Array, RegExp]> = {
    "empty.png": [new Uint8Array(0), /the file is empty/],
    "half.jpg": [jpeg.subarray(0, jpeg.length / 2), /premature end/],
    "half.png": [png.subarray(0, png.length / 2), /read error/],
    "broken.png": [broken, /read error/],
    "text.jpg": [new TextEncoder().encode("<html>404</html>"), /unsupported image format/],
  };
  for (const [name, [bytes, reason]] of Object.entries(bad)) {
    await writeFile(at(name), bytes);
    const { message, fix } = await refusal(at(name));
    assert.ok(message.startsWith(`${at(name)} cannot be read as a picture: `), message);
    assert.match(message, reason);
    assert.match(fix, /Replace or remove/);
  }
  assert.match((await refusal(at("gone.png"))).message, /gone\.png cannot be read .*no such file/);
});

test("headers give the sizes that reading gives; null where they cannot be read", async ({ at }) => {
  for (const name of ["a.png", "b.jpg", "c.webp", "d.tif"]) await raw(rgb, 2, 2, 3).resize(5, 3).toFile(at(name));
  await raw([...rgb, ...rgb], 2, 4, 3)
    .jpeg()
    .withMetadata({ orientation: 6 })
    .toFile(at("e.jpg"));
  await writeFile(at("f.ppm"), "P6\n# by hand\n2 1\n255\n123456");
  const bmp = Buffer.alloc(54 + 16);
  bmp.write("BM");
  for (const [offset, value] of [
    [10, 54],
    [14, 40],
    [18, 1],
    [22, -4],
  ])
    bmp.writeInt32LE(value, offset);
  bmp.writeUInt16LE(24, 28);
  await writeFile(at("g.bmp"), bmp);
  const files = ["a.png", "b.jpg", "c.webp", "d.tif", "e.jpg", "f.ppm", "g.bmp"].map(at);
  const measured = await measurePictures(files);
  for (const [i, { path, size }] of measured.entries()) {
    const { width, height } = await readPicture(files[i], 3);
    assert.equal([path, size?.width, size?.height], [files[i], width, height]);
  }
  await writeFile(at("h.png"), "no picture");
  await writeFile(at("i.bmp"), "BM");
  await writeFile(at("j.png"), "");
  const bad = await measurePictures(["h.png", "i.bmp", "j.png", "missing.png"].map(at));
  assert.equal(
    bad.map(({ size }) => size),
    [null, null, null, null],
  );
});

test("samples of floating point are refused with the way out", async ({ at }) => {
  // A TIFF of one pixel: the header, ten entries of (tag, type, count, value), and the sample.
  const entries = [
    [256, 3, 1, 1], // width
    [257, 3, 1, 1], // height
    [258, 3, 1, 32], // bits per sample
    [259, 3, 1, 1], // not compressed
    [262, 3, 1, 1], // black is zero
    [273, 4, 1, 134], // where the sample is
    [277, 3, 1, 1], // samples per pixel
    [278, 3, 1, 1], // rows in the strip
    [279, 4, 1, 4], // bytes in the strip
    [339, 3, 1, 3], // floating point
  ];
  const view = new DataView(new ArrayBuffer(138));
  [0x4949, 42, 8, 0, entries.length].forEach((word, i) => {
    view.setUint16(2 * i, word, true);
  });
  entries.forEach(([tag, type, count, value], i) => {
    view.setUint16(10 + 12 * i, tag, true);
    view.setUint16(12 + 12 * i, type, true);
    view.setUint32(14 + 12 * i, count, true);
    view.setUint32(18 + 12 * i, value, true);
  });
  view.setFloat32(134, 0.5, true);
  await writeFile(at("float.tif"), new Uint8Array(view.buffer));
  const { message, fix } = await refusal(at("float.tif"));
  assert.match(message, /float/);
  assert.match(fix, /8 or 16 bits/);
});

test("PNG gives back what was written, gray and colour", async ({ at, folder }) => {
  for (const channels of [1, 3] as const) {
    const picture = noise(7, 5, channels);
    await writePicture(at("out.PNG"), picture);
    assert.equal(await readPicture(at("out.PNG"), channels), picture);
    assert.is((await sharp(at("out.PNG")).metadata()).channels, channels);
  }
  // The second one replaced the first, and no temporary file is left.
  assert.equal(await readdir(folder), ["out.PNG"]);
});

test("JPEG is written with full chroma at high quality", async ({ at }) => {
  const picture = { ...noise(16, 16, 3), data: new Uint8Array(768).fill(90) };
  for (const name of ["out.jpg", "out.jpeg"]) {
    await writePicture(at(name), picture);
    assert.is((await sharp(at(name)).metadata()).chromaSubsampling, "4:4:4");
    const { data } = await readPicture(at(name), 3);
    assert.ok(data.every((v) => Math.abs(v - 90) <= 1));
  }
});

test("what cannot be written is refused by name, and nothing is left behind", async ({ at, folder }) => {
  const picture = noise(2, 2, 3);
  await writePicture(at("out.gif"), picture).then(
    () => assert.unreachable(),
    (error: unknown) => assert.ok(error instanceof CutgpuError && /\.png or \.jpg/.test(error.fix)),
  );
  await writePicture(at("none/out.png"), picture).then(
    () => assert.unreachable(),
    (error: unknown) =>
      assert.ok(error instanceof CutgpuError && /cannot \w+ .*none.out\.png: there is no such/.test(error.message)),
  );
  assert.equal(await readdir(folder), []);
});

test.run();
