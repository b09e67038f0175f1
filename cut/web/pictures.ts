// Picture files to pictures and back in a browser, in pages and workers: BMP and PPM by the readers that the command
// uses too, the rest by the browser. As with the command, colour profiles are ignored and alpha is laid on white.
// The browser obeys the orientation in a photograph's EXIF also where --ignore_orientation is given, and its JPEG
// decoder may differ from libvips by a rounding step.
import { FormatError } from "../../engine/lib/errors.js";
import { decodeBmp, isBmp } from "../data/bmp.js";
import { type Picture, PictureError, toChannels } from "../data/picture.js";
import { decodePpm, isPpm } from "../data/ppm.js";

/** Canvases of browsers have limits of their own, and nothing says which. */
const beyondCanvas = (width: number, height: number) =>
  `${width} x ${height} pixels are more than a canvas of this browser holds`;

/**
 * Reads a picture file as gray (1 channel) or sRGB (3). Throws a PictureError with its name where it does not decode.
 */
export async function readPictureFile(file: Blob, name: string, channels: 1 | 3): Promise<Picture> {
  let [reason, fix] = ["it is no picture that this browser can decode", "save it as PNG or JPEG."];
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (bytes.length === 0) throw new FormatError("the file is empty");
    if (isBmp(bytes)) return toChannels(decodeBmp(bytes), channels);
    if (isPpm(bytes)) return toChannels(decodePpm(bytes), channels);
    const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    [reason, fix] = [beyondCanvas(bitmap.width, bitmap.height), "scale it down."];
    try {
      return toChannels(pictureOf(bitmap), channels);
    } finally {
      bitmap.close();
    }
  } catch (error) {
    if (error instanceof FormatError) reason = error.message.replace(/\.$/, "");
    throw new PictureError(`${name} cannot be read as a picture: ${reason};`, fix);
  }
}

/** The picture of a bitmap, on white. Throws where it is larger than a canvas. */
export function pictureOf(bitmap: ImageBitmap): Picture {
  const { width, height } = bitmap;
  const context = contextOf(new OffscreenCanvas(width, height));
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  const rgba = context.getImageData(0, 0, width, height).data;
  // A canvas that is too large stays transparent.
  if (rgba[3] === 0) throw new RangeError(beyondCanvas(width, height));
  const data = new Uint8Array(width * height * 3);
  for (let i = 0, at = 0; at < data.length; i += 4) {
    data[at++] = rgba[i];
    data[at++] = rgba[i + 1];
    data[at++] = rgba[i + 2];
  }
  return { width, height, channels: 3, data };
}

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  // Pixels are read back from it: without this they would be kept on the GPU and fetched each time.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser gives no 2D canvas");
  return context;
}

function imageDataOf({ width, height, channels, data }: Picture): ImageData {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = data[i * channels + (channels === 3 ? c : 0)];
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** Shows a picture in a canvas, pixel by pixel. */
export function showPicture(canvas: HTMLCanvasElement, picture: Picture): void {
  if (canvas.width !== picture.width) canvas.width = picture.width;
  if (canvas.height !== picture.height) canvas.height = picture.height;
  canvas.getContext("2d")?.putImageData(imageDataOf(picture), 0, 0);
}

/** The picture as a PNG file. Throws a PictureError where it is larger than a canvas. */
export async function pictureToPng(picture: Picture): Promise<Blob> {
  const { width, height } = picture;
  try {
    const canvas = new OffscreenCanvas(width, height);
    contextOf(canvas).putImageData(imageDataOf(picture), 0, 0);
    return await canvas.convertToBlob({ type: "image/png" });
  } catch {
    throw new PictureError(`${beyondCanvas(width, height)};`, "scale the picture down.");
  }
}
