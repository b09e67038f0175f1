// The frame of all our reports: the page around the content, and a document for Observable Plot to draw in without a
// browser.
import { parseHTML } from "linkedom";
import { escapeHtml } from "./html.js";

/** The document in which Plot makes its elements; nothing is ever attached to it. */
export const plotDocument = parseHTML("<!doctype html><html><body></body></html>").document as unknown as Document;

/** Figures to show first, as pairs of name and value. */
export function renderSummary(summary: readonly (readonly [string, string])[]): string {
  if (summary.length === 0) return "";
  const tiles = summary.map(([name, value]) => {
    // Paths break at their slashes first.
    const broken = escapeHtml(value).replaceAll("/", "/<wbr>");
    return `<div><dt>${escapeHtml(name)}</dt><dd>${broken}</dd></div>`;
  });
  return `<dl class="summary">${tiles.join("")}</dl>`;
}

/** A whole page. `kicker` says what kind of report it is; `style` and `body` are not escaped. */
export function renderPage(page: { kicker: string; title: string; style: string; body: string }): string {
  const title = escapeHtml(page.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${page.style}</style>
</head>
<body>
<header><p>${escapeHtml(page.kicker)}</p><h1>${title}</h1></header>
${page.body}
</body>
</html>
`;
}
