// Tables of figures on the pages of `cutgpu metric` and `cutgpu evaluate`: names to the left, numbers to the right.
import { escapeHtml } from "./html.js";

/** Goes with the base style. */
export const tableStyle = `
.figures { overflow-x: auto; padding: 8px 18px; }
.figures table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.figures :is(th, td) {
  padding: 5px 14px 5px 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap;
}
.figures tr:last-child td { border-bottom: 0; }
.figures th { font-weight: 500; font-size: 13px; color: var(--soft); }
.figures .name { text-align: left; }
.figures :is(th, td):last-child { padding-right: 0; }
`;

/** Rows under a row of heads; the first `names` columns are set to the left. */
export function renderTable([heads, ...rows]: readonly (readonly string[])[], names: number): string {
  const row = (cells: readonly string[], tag: "td" | "th") => {
    const each = cells.map((text, i) => `<${tag}${i < names ? ' class="name"' : ""}>${escapeHtml(text)}</${tag}>`);
    return `<tr>${each.join("")}</tr>`;
  };
  const all = [row(heads, "th"), ...rows.map((cells) => row(cells, "td"))];
  return `<div class="figures card"><table>${all.join("\n")}</table></div>`;
}
