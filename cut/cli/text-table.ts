// Rows of text in columns, for the terminal.

/** A table, every line ended; `left` lists the left-aligned columns, all others are right-aligned. */
export function textTable(rows: readonly (readonly string[])[], left: (column: number) => boolean): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const cell = (text: string, i: number) => (left(i) ? text.padEnd : text.padStart).call(text, widths[i]);
  return rows.map((row) => `${row.map(cell).join("  ").trimEnd()}\n`).join("");
}
