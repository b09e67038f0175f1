// `cutgpu merge`: the combined results of a job's shards, and which must run again; for an evaluation the figures.
// Writes manifest.json, and evaluation.json, into the folder; the status is 0 only where nothing is missing.
import { join } from "node:path";
import * as v from "valibot";
import { CutgpuError } from "../../../engine/lib/errors.js";
import { writeFileAtomically } from "../../files/atomic-files.js";
import { mergeManifests } from "../../files/shard-manifest.js";
import { group } from "../../options/common-options.js";
import { completeOptions, required, text } from "../../options/schema.js";
import { numberRanges } from "../../options/shard.js";
import { mergeEvaluation } from "../evaluation-parts.js";
import { figuresTable } from "../figures-table.js";
import { defineCommand, formatSeconds, print } from "../terminal/index.js";

const schema = v.strictObject({ dir: required(group, text("DIR"), "the --out of the shards") });

export default defineCommand({
  usage: "DIR",
  positional: "dir",
  options: schema,
  async run(given, { signal }) {
    const { dir } = completeOptions(schema, given);
    const { job, shards, entries, incomplete, missing } = mergeManifests(dir);
    const failed = entries.filter(({ error }) => error !== undefined);
    const file = join(dir, "manifest.json");
    writeFileAtomically(file, `${JSON.stringify({ ...job, shards, entries }, null, 1)}\n`);
    const seconds = entries.reduce((sum, { milliseconds }) => sum + milliseconds / 1000, 0);
    const done = entries.length - failed.length;
    print(
      `${done} of ${job.pictures} pictures done by ${shards} shards in ${formatSeconds(seconds)} of work: ${file}\n`,
    );
    for (const { source, error } of failed) print(`failed: ${source}: ${error}\n`);
    if (incomplete.length === 0) {
      const figures = await mergeEvaluation(dir, signal);
      if (figures) print(figuresTable(figures));
      return;
    }
    throw new CutgpuError(
      "SHARDS",
      `shards ${numberRanges(incomplete)} of ${shards} are not whole: ` +
        `${missing} ${missing === 1 ? "picture" : "pictures"} missing, ${failed.length} failed;`,
      `run these again: --array=${numberRanges(incomplete)}`,
    );
  },
});
