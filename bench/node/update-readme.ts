// `npm run bench:readme`: makes the tables of results in README.md and bench/README.md anew from the committed files in
// bench/results.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../cut/files/package-root.js";
import { parseRows } from "../measurement/parse-rows.js";
import { headlineTables, replaceBetweenMarkers, resultTables } from "../report/readme-table.js";
import { runScript } from "./script.js";

function main(): void {
  const root = packageRoot();
  const folder = join(root, "bench", "results");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const files = names.sort().map((name) => parseRows(readFileSync(join(folder, name), "utf8"), name));
  const write = (path: string, tables: string) =>
    writeFileSync(path, replaceBetweenMarkers(readFileSync(path, "utf8"), tables));
  write(join(root, "README.md"), headlineTables(files));
  write(join(root, "bench", "README.md"), resultTables(files));
}

await runScript(main);
