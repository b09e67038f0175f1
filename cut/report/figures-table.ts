// Tables of figures on the pages of several commands: names to the left, numbers to the right, and on phones, instead
// of scrolling sideways, every row as a block in which each cell is next to its head.
import { escapeHtml } from "./html.js";

/** Added to the base style. */
export const tableStyle = `
.figures { overflow-x: auto; padding: 8px 18px; }
.figures table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.figures :is(th, td) {
  padding: 5px 14px 5px 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap;
}
.figures tr:last-child td { border-bottom: 0; }
.figures th { font-weight: 500; font-size: 13px; color: var(--soft); }
.figures .name { text-align: left; }
.figures td.name { white-space: normal; }
.figures :is(th, td):last-child { padding-right: 0; }
.figures a { color: inherit; text-decoration-color: var(--accent); }
@media (max-width: 640px) {
  .figures { padding: 2px 14px; }
  .figures :is(table, tbody, tr) { display: block; }
  .figures tr:first-child { display: none; }
  .figures tr { padding: 8px 0; }
  .figures tr:nth-child(n + 3) { border-top: 1px solid var(--line); }
  .figures td {
    display: flex; justify-content: space-between; gap: 16px; padding: 1px 0; border: 0; white-space: normal;
    overflow-wrap: anywhere;
  }
  .figures td:first-child { font-weight: 600; }
  .figures td:empty { display: none; }
  .figures td::before {
    content: attr(data-head); color: var(--soft); font-size: 13px; font-weight: 400; overflow-wrap: normal;
  }
}
`;

/** A text, or a link. */
export type TableCell = string | { text: string; address: string };

/** Rows under a row of heads; the first `names` columns are left-aligned. */
export function renderTable(heads: readonly string[], rows: readonly (readonly TableCell[])[], names: number): string {
  const kind = (i: number) => (i < names ? ' class="name"' : "");
  const head = heads.map((text, i) => `<th${kind(i)}>${escapeHtml(text)}</th>`).join("");
  const body = rows.map((cells) => {
    const each = cells.map((cell, i) => `<td${kind(i)} data-head="${escapeHtml(heads[i])}">${renderCell(cell)}</td>`);
    return `<tr>${each.join("")}</tr>`;
  });
  return `<div class="figures card"><table><tr>${head}</tr>\n${body.join("\n")}</table></div>`;
}

const renderCell = (cell: TableCell): string =>
  typeof cell === "string"
    ? escapeHtml(cell)
    : `<a href="${escapeHtml(encodeURI(cell.address))}">${escapeHtml(cell.text)}</a>`;
