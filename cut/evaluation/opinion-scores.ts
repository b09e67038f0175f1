// How well a metric follows people's opinions of pictures: the three correlations with mean opinion scores that papers
// on image quality print. Pure.
import { CutgpuError } from "../../engine/lib/errors.js";
import { kendall, pearson, spearman } from "./correlation.js";
import { logisticFit } from "./logistic-fit.js";

export interface OpinionCorrelation {
  /** Spearman's, of ranks. */
  srcc: number;
  /** Pearson's, of the scores with the metric mapped by a fitted logistic of five parameters (logistic-fit.ts). */
  plcc: number;
  /** Kendall's tau-b. */
  krcc: number;
}

/** Number of pairs that the logistic needs: more than its parameters. */
const MIN_OPINIONS = 6;

/**
 * Correlations of a metric's values with opinion scores, one value and score per distorted picture. Rank correlations
 * are given without their sign, since metrics may fall where scores rise. Throws a CutgpuError where there are fewer
 * than 6.
 *
 * @example
 * ```ts
 * import { correlateOpinions } from "cutgpu/cut";
 *
 * const { srcc } = correlateOpinions([0.1, 0.2, 0.4, 0.5, 0.8, 0.9], [9, 8, 6, 5, 2, 1]);
 * console.log(srcc.toFixed(2)); // 1.00
 * ```
 */
export function correlateOpinions(values: ArrayLike<number>, scores: ArrayLike<number>): OpinionCorrelation {
  if (values.length < MIN_OPINIONS || values.length !== scores.length) {
    throw new CutgpuError(
      "OPINIONS",
      `correlations with opinions need a value for each score and ${MIN_OPINIONS} scores, not ${values.length} and ` +
        `${scores.length};`,
      "give more.",
    );
  }
  return {
    srcc: Math.abs(spearman(values, scores)),
    plcc: pearson(logisticFit(values, scores), scores),
    krcc: Math.abs(kendall(values, scores)),
  };
}

/** A line of a file of opinion scores. */
export interface Opinion {
  /** Names of pictures, as in the file. */
  reference: string;
  distorted: string;
  score: number;
}

const HEADS = ["reference", "distorted", "score"] as const;

/**
 * Reads comma-separated values whose first line names the columns, `reference`, `distorted` and `score` among them in
 * any order; values may be in double quotes. Throws a CutgpuError that names `where` and the line.
 */
export function parseOpinions(text: string, where: string): Opinion[] {
  const refuse = (what: string, fix: string): never => {
    throw new CutgpuError("OPINIONS", `${where}${what};`, fix);
  };
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const names = cellsOf(lines[0]).map((name) => name.toLowerCase());
  const missing = HEADS.filter((head) => !names.includes(head));
  if (missing.length > 0) {
    refuse(
      ` has no column ${missing.join(" and no column ")}`,
      `name the columns in its first line: ${HEADS.join(",")}.`,
    );
  }
  const opinions: Opinion[] = [];
  for (const [i, line] of lines.entries()) {
    if (i === 0 || line.trim() === "") continue;
    const cells = cellsOf(line);
    const [reference, distorted, number] = HEADS.map((head) => cells[names.indexOf(head)] ?? "");
    const score = Number(number);
    if (reference === "" || distorted === "" || number === "" || !Number.isFinite(score)) {
      refuse(`, line ${i + 1}, does not say a reference, a distorted picture and a score`, "correct it.");
    }
    opinions.push({ reference, distorted, score });
  }
  if (opinions.length < MIN_OPINIONS) {
    refuse(` holds ${opinions.length} scores, and ${MIN_OPINIONS} are needed at least`, "add some.");
  }
  return opinions;
}

/** The values of a line, without their quotes. */
function cellsOf(line: string): string[] {
  const cells = [...line.matchAll(/(?:^|,)(?:\s*"((?:[^"]|"")*)"\s*|([^,]*))/g)];
  return cells.map(([, quoted, plain]) => (quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"')));
}
