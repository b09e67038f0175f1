// The benchmark report's additions to the style of all reports.
import { baseStyle } from "../../cut/report/page.css.js";
import { rooflineStyle } from "./roofline-chart.js";

export const benchStyle = `${baseStyle}
:root { --peer: #8b919b; --track: #ece8df; }
@media (prefers-color-scheme: dark) { :root { --peer: #767d89; --track: #2a2e36; } }
h2 + .lead { margin: -8px 0 14px; color: var(--soft); font-size: 14px; max-width: 74ch; }
.roofline { padding: 18px 18px 10px; }
.roofline ul {
  display: flex;
  flex-wrap: wrap;
  gap: 4px 18px;
  list-style: none;
  margin: 0 0 8px;
  padding: 0;
  font-size: 13px;
  color: var(--soft);
}
.roofline li::before {
  content: "";
  display: inline-block;
  box-sizing: border-box;
  width: 10px;
  height: 10px;
  border-radius: 50%;
  margin-right: 7px;
  background: var(--accent);
}
.roofline li.other::before { background: none; border: 1.5px solid var(--soft); }
.roofline li.roof::before {
  width: 16px;
  height: 2px;
  border-radius: 0;
  background: var(--ink);
  vertical-align: middle;
}
.roofline svg { display: block; width: 100%; height: auto; color: var(--soft); }
${rooflineStyle}
.stacks { columns: 2 400px; column-gap: 16px; }
.stacks > .card { break-inside: avoid; margin-bottom: 16px; }
.bars { padding: 16px 18px 14px; min-width: 0; }
.bars h3 { margin: 0 0 4px; font-size: 15.5px; font-weight: 650; }
.bars > p { margin: 0 0 8px; color: var(--soft); font-size: 13px; }
.bars h4 { margin: 12px 0 3px; font-size: 13px; font-weight: 500; }
.bar {
  display: grid;
  grid-template-columns: 104px 1fr 72px;
  align-items: center;
  gap: 10px;
  font-size: 12.5px;
  line-height: 1.45;
}
.bar span { color: var(--soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bar i { position: relative; display: block; height: 9px; border-radius: 2px; background: var(--track); }
.bar u { display: block; height: 100%; border-radius: 2px; background: var(--peer); text-decoration: none; }
.bar b { font-weight: 500; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar.ours span, .bar.ours b { color: var(--ink); font-weight: 650; }
.bar.ours u { background: var(--accent); }
.bar.ahead b { color: var(--series-5); font-weight: 650; }
.bar.ahead u { background: var(--series-5); }
.bar.cut u {
  mask-image: linear-gradient(
    90deg, #000 86%, transparent 86%, transparent 89%,
    #000 89%, #000 94%, transparent 94%, transparent 97%, #000 97%
  );
}
.shape .bar i::after {
  content: "";
  position: absolute;
  inset: -3px auto -3px var(--one);
  border-left: 1px solid var(--ink);
  opacity: 0.45;
}
.ladder ol { margin: 0; padding: 0; list-style: none; counter-reset: step; }
.ladder li { counter-increment: step; padding: 2px 0 8px; border-top: 1px solid var(--line); }
.ladder h4 { margin-top: 9px; font-weight: 650; }
.ladder h4::before { content: counter(step) "  "; color: var(--soft); font-weight: 500; white-space: pre; }
.ladder li p { margin: 4px 0 0; color: var(--soft); font-size: 13px; }
.ladder .bar { grid-template-columns: 128px 1fr 100px; }
.ladder.plain .bar { grid-template-columns: 1fr 100px; }
.ladder.plain .bar span { display: none; }
.rows { overflow-x: auto; padding: 6px 16px 12px; }
.rows table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
.rows th, .rows td {
  padding: 6px 0 6px 18px;
  text-align: right;
  vertical-align: top;
  white-space: nowrap;
  font-weight: 400;
}
.rows .name { text-align: left; }
.rows th:first-child { padding-left: 0; }
.rows thead th { color: var(--soft); font-size: 12px; border-bottom: 1px solid var(--line); vertical-align: bottom; }
.rows thead th:not(.name) { white-space: normal; min-width: 64px; }
.rows tbody tr + tr > * { border-top: 1px solid var(--line); }
.rows td.name { white-space: normal; min-width: 150px; }
.rows td.name:nth-child(3) { min-width: 90px; }
.rows tbody tr.more > td { border-top: 0; padding: 0 0 8px; text-align: left; white-space: normal; }
.rows .more div {
  display: flex;
  flex-wrap: wrap;
  gap: 0 18px;
  color: var(--soft);
  font-size: 12px;
  max-width: min(100%, calc(100vw - 80px));
}
.rows .more b { font-weight: 600; color: var(--ink); }
.rows tr.first td:nth-child(n + 3) { color: var(--accent); font-weight: 600; }
@media (max-width: 860px) {
  .rows th, .rows td { padding-left: 10px; white-space: normal; }
  .rows td.name { min-width: 90px; }
  .rows td:nth-child(4) { min-width: 90px; }
  .rows thead th:not(.name) { min-width: 0; }
}
@media (max-width: 640px) {
  .roofline { padding: 14px 8px 6px; }
  .roofline ul { padding: 0 6px; }
  .bars { padding: 14px 12px 12px; }
  .bar { grid-template-columns: 92px 1fr 64px; gap: 8px; }
  .ladder .bar { grid-template-columns: 104px 1fr 96px; }
  .ladder.plain .bar { grid-template-columns: 1fr 96px; }
  .rows { padding: 0 14px 4px; }
  .rows thead { display: none; }
  .rows :is(table, tbody, tr) { display: block; }
  .rows tr { padding: 9px 0; }
  .rows :is(th, td) { padding: 1px 0; overflow-wrap: anywhere; white-space: normal; }
  .rows tbody tr + tr > * { border-top: 0; }
  .rows tbody tr:not(.more) + tr:not(.more), .rows tbody tr.more + tr { border-top: 1px solid var(--line); }
  .rows tr.more { padding: 0 0 4px; }
  .rows tbody th, .rows td.name { display: block; min-width: 0; }
  .rows tbody th { font-weight: 600; }
  .rows td[data-head] { display: flex; justify-content: space-between; gap: 16px; }
  .rows td[data-head]::before { content: attr(data-head); color: var(--soft); font-weight: 400; }
}
`;
