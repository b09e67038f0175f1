// Which positions of a layer's map are compared: all of them where they are few, else one at random in each cell of an
// even grid, so that they cover the picture and can be drawn as a map. Those in padding are left out. Pure.
import type { Random } from "../../../engine/lib/random.js";

/** Positions in rows and columns, `stride` pixels apart, the first at the picture's top left pixel. */
export interface LayerPositions {
  columns: number;
  rows: number;
  stride: number;
}

export interface PositionGrid extends LayerPositions {
  /** Cells of the grid. */
  width: number;
  height: number;
  /** One position a cell, row by row, as row * columns + column. */
  chosen: Int32Array;
}

/** A grid of at most `max` cells. */
export function positionGrid(layer: LayerPositions, max: number, random: Random): PositionGrid {
  const { columns, rows } = layer;
  const all = columns * rows <= max;
  const width = all ? columns : Math.max(1, Math.min(columns, Math.floor(Math.sqrt((max * columns) / rows))));
  const height = all ? rows : Math.max(1, Math.min(rows, Math.floor(max / width)));
  const within = (cell: number, cells: number, size: number) => {
    const [from, to] = [Math.floor((cell * size) / cells), Math.floor(((cell + 1) * size) / cells)];
    return from + random.integer(to - from);
  };
  const chosen = Int32Array.from({ length: width * height }, (_, cell) => {
    const column = within(cell % width, width, columns);
    return within(Math.floor(cell / width), height, rows) * columns + column;
  });
  return { ...layer, width, height, chosen };
}
