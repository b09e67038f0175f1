// Picture files to pictures and back (Node only, through sharp; BMP and PPM by readers of our own). As in the
// reference, which reads through PIL, the bytes decide the format and not the name, colour profiles of RGB pictures are
// ignored, and an animation gives its first frame. Unlike in the reference, photographs are rotated as their EXIF says
// unless the reference's way is asked for, alpha is composited on white (PIL drops it and uncovers the colours below),
// 16-bit samples are scaled to 8 bits (PIL clips gray ones), and CMYK is converted by its profile (PIL subtracts inks).
import { open, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { CutgpuError, FormatError } from "../../engine/lib/errors.js";
import { bmpHeader, decodeBmp, isBmp } from "../data/bmp.js";
import { flattenOnWhite, type Picture, PictureError, type Size, toChannels } from "../data/picture.js";
import { decodePpm, isPpm, ppmHeader } from "../data/ppm.js";
import type { SizedPicture } from "../training/picture-sizes.js";
import { fileMeaning, writeFileAtomicallyAsync } from "./atomic-files.js";
import { loadSharp } from "./sharp.js";

/** Whether a picture is turned as its file says: PIL does so with TIFF alone. */
const isTurned = (format: string | undefined, upright: boolean): boolean => upright || format === "tiff";

async function decodeWithSharp(bytes: Uint8Array, upright: boolean): Promise<Picture> {
  // "error" refuses truncated and broken files, and accepts what libjpeg and PIL only warn of (stray bytes between
  // segments, which many photographs have).
  const sharp = await loadSharp();
  const { space, depth, format } = await sharp(bytes).metadata();
  if (depth !== "uchar" && depth !== "ushort") {
    throw new FormatError(`its samples are of type ${depth}`, "Save it with 8 or 16 bits per sample.");
  }
  const wide = space === "rgb16" || space === "grey16";
  // Gray goes through RGB as well, without loss: sharp's gray output would drop the alpha channel.
  const autoOrient = isTurned(format, upright);
  const { data, info } = await sharp(bytes, { failOn: "error", ignoreIcc: space !== "cmyk", autoOrient })
    .toColourspace(wide ? "rgb16" : "srgb")
    .raw({ depth: wide ? "ushort" : "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels: samples } = info;
  // A picture of 8 bits is not copied: it may be large.
  const data8 = wide
    ? new Uint8Array(width * height * samples)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (wide) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (let i = 0; i < data8.length; i++) data8[i] = Math.round(view.getUint16(2 * i, true) / 257);
  }
  if (samples === 4) return flattenOnWhite(data8, width, height);
  if (samples === 3) return { width, height, channels: 3, data: data8 };
  throw new FormatError(`it has ${samples} channels`, "Save it as a gray or RGB picture.");
}

/**
 * Reads a picture file as gray (1 channel) or sRGB (3). Throws a PictureError that names the file where it is missing,
 * empty, truncated, corrupt or of a kind that is not supported. With `upright` false its EXIF orientation is ignored,
 * but for TIFF's.
 */
export async function readPicture(file: string, channels: 1 | 3, upright = true): Promise<Picture> {
  return decodePicture(await readPictureBytes(file), file, channels, upright);
}

/** The bytes of a picture's file, for decodePicture(). Throws a PictureError where it cannot be read. */
export const readPictureBytes = (file: string): Promise<Uint8Array> => naming(file, () => readFile(file));

/** Decodes the bytes of a picture's file, as readPicture() does. */
export function decodePicture(bytes: Uint8Array, file: string, channels: 1 | 3, upright = true): Promise<Picture> {
  return naming(file, async () => {
    if (bytes.length === 0) throw new FormatError("the file is empty");
    if (isBmp(bytes)) return toChannels(decodeBmp(bytes), channels);
    if (isPpm(bytes)) return toChannels(decodePpm(bytes), channels);
    return toChannels(await decodeWithSharp(bytes, upright), channels);
  });
}

/** Runs a part of the work; its errors become PictureErrors that name the file. */
async function naming<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CutgpuError && error.code === "PACKAGE") throw error;
    const message = error instanceof Error ? error.message.split("\n")[0].replace(/\.$/, "") : String(error);
    const [reason, fix] = fileMeaning(error) ?? [message, error instanceof CutgpuError ? error.fix : ""];
    const advice = fix ? `${fix[0].toUpperCase()}${fix.slice(1)}` : "Replace or remove the file.";
    throw new PictureError(`${file} cannot be read as a picture: ${reason}.`, advice);
  }
}

/** The size that `readPicture` would give, from the header alone; null where that cannot be read. */
async function readSize(file: string, upright: boolean): Promise<Size | null> {
  const handle = await open(file).catch(() => null);
  try {
    const { buffer, bytesRead } = (await handle?.read(new Uint8Array(4096), 0, 4096, 0)) ?? { bytesRead: 0 };
    if (!buffer) return null;
    const head = buffer.subarray(0, bytesRead);
    if (isBmp(head)) return bmpHeader(head);
    if (isPpm(head)) return ppmHeader(head);
    const { width, height, format, orientation = 1 } = await (await loadSharp())(file).metadata();
    // Orientations from 5 on swap width and height (EXIF 2.3, tag 0x0112).
    return isTurned(format, upright) && orientation >= 5 ? { width: height, height: width } : { width, height };
  } catch {
    return null;
  } finally {
    await handle?.close();
  }
}

/** Files with their sizes, as `readPicture` would give them, from the headers alone, which is fast. */
export async function measurePictures(files: readonly string[], upright = true): Promise<SizedPicture[]> {
  const measured: SizedPicture[] = [];
  // A few at a time: the number of open files is limited.
  for (let i = 0; i < files.length; i += 32) {
    const some = files.slice(i, i + 32);
    measured.push(...(await Promise.all(some.map(async (path) => ({ path, size: await readSize(path, upright) })))));
  }
  return measured;
}

async function encode({ width, height, channels, data }: Picture, extension: string): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const image = sharp(data, { raw: { width, height, channels } }).toColourspace(channels === 1 ? "b-w" : "srgb");
  if (extension === ".png") return image.png().toBuffer();
  return image.jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer();
}

/** The bytes of a picture as PNG. */
export const encodePng = (picture: Picture): Promise<Uint8Array> => encode(picture, ".png");

/**
 * Writes a picture as PNG or as JPEG (quality 95, full chroma), by the file's extension. The write is atomic: to a
 * temporary file in the same folder, which is then renamed. Throws a CutgpuError for other extensions and where it
 * cannot write.
 */
export async function writePicture(file: string, picture: Picture): Promise<void> {
  const extension = extname(file).toLowerCase();
  if (![".png", ".jpg", ".jpeg"].includes(extension))
    throw new CutgpuError("PICTURE", `Pictures cannot be written as ${file}.`, "Use a name ending in .png or .jpg.");
  await writeFileAtomicallyAsync(file, await encode(picture, extension));
}
