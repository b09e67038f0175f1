// The table of results in README.md, made from rows, and how it goes between <!-- bench --> and <!-- /bench -->.
// Numbers are never typed by hand: bench/node/update-readme.ts writes the table.
import { CutgpuError } from "../../engine/core/errors.js";
import type { BenchRow } from "../measurement/row.js";
import { digits } from "./format.js";
import { fastest } from "./select.js";

const [OPEN, CLOSE] = ["<!-- bench -->", "<!-- /bench -->"];

/** What the README shows of a file: rows that other engines did too, the whole step, and ours beside them. */
const isShown = ({ suite, peers, ms }: BenchRow) => ms !== null && (Object.keys(peers).length > 0 || suite === "step");

function adapterTable(rows: readonly BenchRow[]): string {
  const shown = fastest(rows.filter(isShown));
  if (shown.length === 0) return "";
  const peers = [...new Set(shown.flatMap((row) => Object.keys(row.peers)))];
  const head = ["work", "ms", "GFLOP/s", "of the roofline", ...peers.map((peer) => `${peer}, ms (ratio)`)];
  const lines = shown.map((row) => {
    const others = peers.map((peer) => {
      const other = row.peers[peer];
      return other ? `${digits(other.ms)} (${digits(other.ratio)}x)` : "-";
    });
    const share = row.roofline === null ? "-" : `${digits(100 * row.roofline)} %`;
    const rate = row.gflops === null ? "-" : digits(row.gflops);
    return [`${row.kernel} ${row.shape}`, digits(row.ms?.median ?? 0), rate, share, ...others];
  });
  const table = [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines].map(
    (cells) => `| ${cells.join(" | ")} |`,
  );
  return [
    `${shown[0].adapter}, ${shown[0].profile} kernels, medians, of our kernels the fastest at each shape:`,
    "",
    ...table,
  ].join("\n");
}

/** The README's part for some files of results, one table per adapter. */
export const readmeTables = (files: readonly (readonly BenchRow[])[]): string =>
  files.map(adapterTable).filter(Boolean).join("\n\n");

/** The text with what stands between the markers replaced. Throws a CutgpuError where they are missing. */
export function replaceBetweenMarkers(readme: string, content: string): string {
  const [start, end] = [readme.indexOf(OPEN), readme.indexOf(CLOSE)];
  if (start < 0 || end < start) {
    throw new CutgpuError(
      "README",
      `README.md has no ${OPEN} ... ${CLOSE}`,
      "Put the markers where the table belongs.",
    );
  }
  return `${readme.slice(0, start + OPEN.length)}\n${content}\n${readme.slice(end)}`;
}
