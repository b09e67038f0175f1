// A ladder as tables of text and as sentences, for the terminal, pages and documents. Pure.
import { COLUMNS, type Column, type Columns, columnName } from "./compared.js";
import { gradedRows, rankCorrelation } from "./criteria.js";
import type { Ladder } from "./ladder.js";

type Table = string[][];

export interface LadderTables {
  /** Means of every column for each distortion and level, under heads. */
  rows: Table;
  /** Spearman's correlation of each column with the levels of each distortion, under heads. */
  correlations: Table;
  /** Recognition of the own source, under heads. */
  areas: Table;
  /** The criteria as sentences. */
  answers: string[];
  /** How many are met. */
  summary: string;
}

const text = (column: Column, value: number | null): string =>
  value === null ? "-" : value.toFixed(column === "PSNR" ? 1 : 2);

export function ladderTables({ rows, recognition, verdicts, window }: Ladder): LadderTables {
  const heads = COLUMNS.map((column) => columnName(column, window));
  const cells = (of: Columns) => COLUMNS.map((column) => text(column, of[column]));
  const correlations = [...gradedRows(rows)].map(([name, levels]) => [
    name,
    ...COLUMNS.map((column) => rankCorrelation(levels, column).toFixed(2)),
  ]);
  const met = verdicts.filter((verdict) => verdict.met).length;
  const answers = verdicts.map(({ criterion, figure, met }) => `${met ? "met" : "NOT MET"}: ${criterion}: ${figure}.`);
  return {
    rows: [["distortion", "level", ...heads], ...rows.map((row) => [row.distortion, row.level, ...cells(row.means)])],
    correlations: [["Spearman over levels", ...heads], ...correlations],
    areas: [
      ["own source recognised (area)", ...heads],
      ...recognition.map(({ restyling, areas }) => [
        restyling,
        ...COLUMNS.map((column) => (areas[column] ?? 0).toFixed(2)),
      ]),
    ],
    answers,
    summary: `${met} of ${verdicts.length} criteria of a metric of content are met.`,
  };
}
