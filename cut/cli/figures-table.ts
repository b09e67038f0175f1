// The figures of an evaluation as a table for the terminal, and below it how they were computed.
import { FIGURE_HEADS, type Figure, figureCells, protocolLines } from "../evaluation/figures.js";
import { textTable } from "./text-table.js";

/** The table as text, every line ended. */
export function figuresTable(figures: readonly Figure[]): string {
  const rows = [FIGURE_HEADS, ...figures.map(figureCells)];
  const table = textTable(rows, (column) => column < 2 || column === FIGURE_HEADS.length - 1);
  return `${[table, ...protocolLines(figures)].join("\n")}\n`;
}
