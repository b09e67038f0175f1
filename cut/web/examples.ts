// The drawings that come with the page, cut out of one sheet (cut/demo/drawing-sheet.ts): a few examples that no
// shipped model was trained on, and drawings to train with.
import { CutgpuError } from "../../engine/lib/errors.js";
import type { Picture } from "../data/picture.js";
import { resizePicture } from "../data/resize.js";
import { blueprintOf, chalkOf } from "../demo/blueprint.js";
import { type Cell, drawingCell, EXAMPLES, exampleCell, PER_SIDE } from "../demo/drawing-sheet.js";
import type { NamedFile } from "./picture-files.js";
import { pictureOf, pictureToPng } from "./pictures.js";

/** Pixels per side of the examples as files: as large as the other drawings, and fast on any adapter. */
const FILE_SIZE = 128;

let sheet: Promise<ImageBitmap> | null = null;

/** The sheet, which is fetched and decoded once. */
async function openSheet(): Promise<ImageBitmap> {
  sheet ??= fetch("drawings.png").then(async (response) => {
    if (!response.ok) throw new Error(`status ${response.status}`);
    return createImageBitmap(await response.blob(), { colorSpaceConversion: "none" });
  });
  try {
    return await sheet;
  } catch {
    sheet = null;
    throw new CutgpuError(
      "EXAMPLES",
      "the drawings of this page could not be loaded;",
      "check the connection, or choose pictures.",
    );
  }
}

async function cutOut({ left, top, size }: Cell): Promise<Picture> {
  const bitmap = await createImageBitmap(await openSheet(), left, top, size, size);
  try {
    return pictureOf(bitmap);
  } finally {
    bitmap.close();
  }
}

async function pngFile(picture: Picture, name: string): Promise<NamedFile> {
  return { path: name, file: new File([await pictureToPng(picture)], name, { type: "image/png" }) };
}

/** The examples in chalk, with their names. */
export async function exampleDrawings(): Promise<{ name: string; picture: Picture }[]> {
  return Promise.all(EXAMPLES.map(async (name, i) => ({ name, picture: chalkOf(await cutOut(exampleCell(i))) })));
}

/** The examples as PNG files. */
export async function exampleFiles(): Promise<NamedFile[]> {
  const drawings = await exampleDrawings();
  return Promise.all(
    drawings.map(({ name, picture }) =>
      pngFile(resizePicture(picture, FILE_SIZE, FILE_SIZE), `${name.replaceAll(" ", "-")}.png`),
    ),
  );
}

/** Drawings to train with, as PNG files: in chalk, and blueprints of others. */
export async function trainingFiles(): Promise<{ A: NamedFile[]; B: NamedFile[] }> {
  const files = (side: "A" | "B", style: (drawing: Picture) => Picture) =>
    Promise.all(
      Array.from({ length: PER_SIDE }, async (_, i) =>
        pngFile(style(await cutOut(drawingCell(side, i))), `${String(i + 1).padStart(3, "0")}.png`),
      ),
    );
  return { A: await files("A", chalkOf), B: await files("B", blueprintOf) };
}
