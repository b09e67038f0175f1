// The layout of the sheet of drawings that comes with the page, cut/web/drawings.png. page-drawings.ts writes it and
// cut/web/examples.ts reads it. On top are the examples, large; below them, row by row, the drawings of A and then
// those of B. All are black on white: the page turns them into chalk drawings and blueprints itself. Pure.

/** The examples: held-out drawings, which no shipped model was trained on, named as OpenMoji names them. */
export const EXAMPLES = ["mushroom", "oncoming bus", "teddy bear", "french fries", "dove", "railway car"] as const;
/** Pixels per side of an example: as large as the page translates them on a GPU. */
const EXAMPLE_SIZE = 256;

/** Drawings of each side: enough to learn from, and a small file. */
export const PER_SIDE = 100;
/** Pixels per side of a drawing of A or B. */
const SIZE = 128;
const COLUMNS = 16;

/** A square of the sheet, in pixels. */
export interface Cell {
  left: number;
  top: number;
  size: number;
}

export const exampleCell = (i: number): Cell => ({ left: i * EXAMPLE_SIZE, top: 0, size: EXAMPLE_SIZE });

/** Where drawing `i` of a side is. */
export function drawingCell(side: "A" | "B", i: number): Cell {
  const at = side === "A" ? i : PER_SIDE + i;
  return { left: (at % COLUMNS) * SIZE, top: EXAMPLE_SIZE + Math.floor(at / COLUMNS) * SIZE, size: SIZE };
}

export const SHEET_WIDTH = COLUMNS * SIZE;
export const SHEET_HEIGHT = drawingCell("B", PER_SIDE - 1).top + SIZE;
