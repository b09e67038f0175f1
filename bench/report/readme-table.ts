// The tables of results in README.md and bench/README.md, made from rows and written between the markers <!-- bench -->
// and <!-- /bench -->. Numbers are never typed by hand: bench/node/update-readme.ts writes the tables.
import { CutgpuError } from "../../engine/lib/errors.js";
import type { BenchRow } from "../measurement/row.js";
import { digits } from "./format.js";
import { fastest } from "./select.js";

const [OPEN, CLOSE] = ["<!-- bench -->", "<!-- /bench -->"];

/** Works whose rows are in README.md: a layer forward and backward, a product, an elementwise chain, both networks. */
const HEADLINES = [
  "conv2d 3x3 reflect 256->256 at 16x16",
  "conv2d.dw 3x3 reflect 256->256 at 16x16",
  "matmul 512x512 by 512x512",
  "biasGelu.backward 64 channels at 64x64",
  "generator.backward ngf 16 at 64x64",
  "step ngf 64 ndf 64 at 64x64",
];

/** The rows of a file that are shown: those that other engines ran too, and the whole step. */
const isShown = ({ suite, peers, ms }: BenchRow) => ms !== null && (Object.keys(peers).length > 0 || suite === "step");

const workOf = ({ kernel, shape }: BenchRow) => `${kernel} ${shape}`;

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
    return [workOf(row), digits(row.ms?.median ?? 0), rate, share, ...others];
  });
  const table = [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines].map(
    (cells) => `| ${cells.join(" | ")} |`,
  );
  return [
    `${shown[0].adapter}, ${shown[0].profile} kernels.`,
    "Medians, of our kernels the fastest at each shape:",
    "",
    ...table,
  ].join("\n");
}

/** One table per adapter, from files of results. */
export const resultTables = (files: readonly (readonly BenchRow[])[]): string =>
  files.map(adapterTable).filter(Boolean).join("\n\n");

/** The same for the most important rows. */
export const headlineTables = (files: readonly (readonly BenchRow[])[]): string =>
  resultTables(files.map((rows) => rows.filter((row) => HEADLINES.includes(workOf(row)))));

/** The text with the part between the markers replaced. Throws a CutgpuError where they are missing. */
export function replaceBetweenMarkers(readme: string, content: string): string {
  const [start, end] = [readme.indexOf(OPEN), readme.indexOf(CLOSE)];
  if (start < 0 || end < start) {
    throw new CutgpuError(
      "README",
      `a README.md has no ${OPEN} ... ${CLOSE}`,
      "Put the markers where the table belongs.",
    );
  }
  return `${readme.slice(0, start + OPEN.length)}\n${content}\n${readme.slice(end)}`;
}
