// The style of our reports, kept as text in a module, so that a report is one file and needs no other.

/** The base of all reports: colours, type, cards, charts. */
export const baseStyle = `
:root {
  color-scheme: light dark;
  --paper: #f7f5f0; --card: #fffefb; --ink: #1f2328; --soft: #6a6f78; --line: #e3ded3; --accent: #b4481e;
  --series-0: #2f6fd0; --series-1: #d2601f; --series-2: #168a6b; --series-3: #9146b8; --series-4: #b08500;
  --series-5: #c23b6a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --card: #1c1f25; --ink: #e8e6e1; --soft: #9aa0aa; --line: #2d323b; --accent: #f08a55;
    --series-0: #6ea8ff; --series-1: #ff9a5c; --series-2: #4fd0a8; --series-3: #cf8ff0; --series-4: #e3bd4a;
    --series-5: #ff86ac;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1120px; padding: 40px 24px 64px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
h1 {
  margin: 0; font: 600 34px/1.15 ui-serif, Georgia, "Times New Roman", serif; letter-spacing: -0.01em;
  text-wrap: balance;
}
h2 { margin: 44px 0 14px; font: 600 21px/1.2 ui-serif, Georgia, "Times New Roman", serif; }
header { border-bottom: 2px solid var(--ink); padding-bottom: 18px; }
header p {
  margin: 0 0 6px; color: var(--accent); font-weight: 600; letter-spacing: 0.09em; text-transform: uppercase;
  font-size: 12px;
}
.summary {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); margin: 0;
  border-bottom: 1px solid var(--line);
}
.summary div { padding: 16px 16px 16px 0; }
.summary dt { color: var(--soft); font-size: 13px; }
.summary dd {
  margin: 2px 0 0; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -0.01em;
  overflow-wrap: anywhere; text-wrap: balance;
}
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.charts { display: grid; gap: 16px; }
.chart { padding: 16px 18px 10px; }
.chart h3 { margin: 0; font-size: 15.5px; font-weight: 650; }
.chart p { margin: 2px 0 8px; color: var(--soft); font-size: 13px; }
.chart ul {
  display: flex; flex-wrap: wrap; gap: 2px 16px; list-style: none; margin: 0 0 6px; padding: 0; font-size: 13px;
}
.chart li::before {
  content: ""; display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 6px;
  vertical-align: middle; background: var(--colour);
}
.chart li[data-dash="1"]::before {
  background: linear-gradient(90deg, var(--colour) 40%, #0000 0 60%, var(--colour) 0);
}
.chart li[data-dash="2"]::before { background: repeating-linear-gradient(90deg, var(--colour) 0 2px, #0000 0 4px); }
.chart li[data-dash="3"]::before {
  background: linear-gradient(90deg, var(--colour) 8px, #0000 0 11px, var(--colour) 0 13px, #0000 0);
}
.chart li b { font-weight: 600; font-variant-numeric: tabular-nums; }
.chart svg { display: block; width: 100%; height: auto; color: var(--soft); overflow: visible; font-size: 12px; }
details { padding: 14px 18px; }
summary { cursor: pointer; font-weight: 600; }
.empty { color: var(--soft); }
footer { margin-top: 44px; color: var(--soft); font-size: 13px; }
@media (min-width: 760px) {
  .charts { grid-template-columns: 1fr 1fr; }
  /* The last one of an odd number takes both columns, its text one of them. */
  .charts > .chart:last-child:nth-child(odd) {
    grid-column: 1 / 3; display: grid; grid-template: auto auto 1fr / 1fr 1fr; column-gap: 54px;
  }
  .charts > .chart:last-child:nth-child(odd) ul { align-content: start; }
  .charts > .chart:last-child:nth-child(odd) svg { grid-area: 1 / 2 / 4; }
}
/* Letters grow and shrink with a chart, which is drawn for 480 pixels. */
@media (560px < width < 760px) { .chart svg { font-size: 10.5px; } }
@media (max-width: 560px) or (760px <= width < 940px) { .chart svg { font-size: 15px; } }
@media (max-width: 560px) {
  body { padding: 22px 14px 44px; }
  h1 { font-size: 27px; }
  .summary { grid-template-columns: 1fr 1fr; }
  .summary dd { font-size: 18px; }
  .chart { padding: 14px 12px 8px; }
}
`;

/** The training report's: the base, pictures before and after, tables of pictures, options. */
export const pageStyle = `${baseStyle}
.pairs {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 20px;
  margin: 24px 0 8px;
}
.pairs figure { display: grid; grid-template-columns: 1fr 1fr; margin: 0; }
.pairs img { display: block; width: 100%; height: auto; background: #fff; box-shadow: 0 0 0 1px var(--line); }
.pairs figcaption { grid-column: 1 / 3; padding-top: 6px; color: var(--soft); font-size: 13px; }
.alarms { margin: 20px 0 0; padding: 12px 18px 12px 36px; border-color: var(--accent); }
.alarms span { white-space: nowrap; }
.samples { overflow-x: auto; padding: 14px; }
.samples table { border-collapse: separate; border-spacing: 6px; margin: 0 auto; }
.samples th { font-weight: 500; font-size: 12.5px; color: var(--soft); white-space: nowrap; text-align: center; }
.samples th.row {
  text-align: right; padding-right: 6px; max-width: 160px; white-space: normal; overflow-wrap: break-word;
}
.samples th.last { color: var(--ink); font-weight: 650; }
.samples td { padding: 0; vertical-align: top; text-align: center; font-size: 11.5px; color: var(--soft); }
.samples img {
  display: block; width: clamp(84px, 11vw, 132px); height: auto; border-radius: 5px; background: #fff;
  box-shadow: 0 0 0 1px var(--line);
}
.samples img.small { image-rendering: pixelated; }
.options { columns: 3 240px; column-gap: 32px; margin: 12px 0 0; font-size: 13px; }
.options div {
  display: flex; justify-content: space-between; gap: 12px; break-inside: avoid;
  border-bottom: 1px solid var(--line); padding: 3px 0;
}
.options dt { color: var(--soft); overflow-wrap: anywhere; }
.options dd { margin: 0; text-align: right; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.options .changed dt, .options .changed dd { color: var(--accent); font-weight: 600; }
@media (max-width: 560px) {
  .samples { padding: 4px 12px; }
  .samples tr.head { display: none; }
  .samples :is(table, tbody) { display: block; }
  .samples tr {
    display: grid; grid-template-columns: repeat(auto-fill, minmax(76px, 1fr)); gap: 8px; padding: 10px 0;
  }
  .samples th.row { grid-column: 1 / -1; max-width: none; text-align: left; color: var(--ink); }
  .samples td::after { content: attr(data-caption); }
  .samples img { width: 100%; }
}
`;
