// The figures of an evaluation as a table for the terminal, and below it how they were computed.
import { FIGURE_HEADS, type Figure, figureCells, protocolLines } from "../evaluation/figures.js";

/** The table as text, every line ended. */
export function figuresTable(figures: readonly Figure[]): string {
  const rows = [[...FIGURE_HEADS], ...figures.map(figureCells)];
  const widths = FIGURE_HEADS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const cell = (text: string, i: number) =>
    (i < 2 || i === widths.length - 1 ? text.padEnd : text.padStart).call(text, widths[i]);
  const lines = rows.map((row) => row.map(cell).join("  ").trimEnd());
  return `${[...lines, "", ...protocolLines(figures)].join("\n")}\n`;
}
