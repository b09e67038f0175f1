// Renders the page of a file of rows: node dist/bench/node/render-report.js ROWS.json REPORT.html
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { packageVersion } from "../../cut/files/package-root.js";
import { CutgpuError } from "../../engine/lib/errors.js";
import { parseRows } from "../measurement/parse-rows.js";
import { benchReport } from "../report/bench-report.js";

function main([input, output]: string[]): void {
  if (!input || !output) {
    console.error("usage: node dist/bench/node/render-report.js ROWS.json REPORT.html");
    process.exitCode = 2;
    return;
  }
  const rows = parseRows(readFileSync(input, "utf8"), input);
  const date = statSync(input).mtime.toISOString().slice(0, 10);
  writeFileSync(output, benchReport(rows, { adapter: rows[0].adapter, date, version: packageVersion() }));
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CutgpuError)) throw error;
  console.error(`cutgpu: ${error.message}. ${error.fix}`);
  process.exitCode = 2;
}
