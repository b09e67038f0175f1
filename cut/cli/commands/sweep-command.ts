// `cutgpu sweep`: many trainings from one file, each a process and a run folder of its own, one after the other. A
// second call continues with the unfinished ones, but not with those that an alarm has ended; one that fails does not
// stop the others. For schedulers, --print prints the commands and --shard runs a part.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { CutgpuError } from "../../../engine/lib/errors.js";
import { makeFolder } from "../../files/atomic-files.js";
import { readText } from "../../files/read-whole.js";
import { RunFolder } from "../../files/run-folder.js";
import { group, runsDirOption } from "../../options/common-options.js";
import { completeOptions, flag, type GivenOptions, option, required, text } from "../../options/schema.js";
import { shardItems, shardOf, shardOption, shardsOption } from "../../options/shard.js";
import { commandLine } from "../../options/shell-words.js";
import { resumeCommand } from "../../training/training-loop.js";
import { parseSweep, type Sweep, type SweepRun } from "../sweep-file.js";
import { failedRuns, type Outcomes, TRAINED, writeSweepReport } from "../sweep-report.js";
import { type CommandContext, defineCommand, Interruption, print, printError } from "../terminal/index.js";

const STOPPED = "stopped by an alarm";

const schema = v.strictObject({
  file: required(group, text("FILE"), "YAML or JSON: options for all runs, and a grid or runs"),
  runs_dir: runsDirOption(group, "where the sweep's folder is made, called after the file"),
  print: option(group, flag(), false, "run nothing, and print the commands, one a line"),
  shard: shardOption(group, "do only part I of N of the runs"),
  shards: shardsOption(group),
});

export default defineCommand({
  usage: "FILE [options]",
  positional: "file",
  options: schema,
  run: sweepFile,
});

async function sweepFile(given: GivenOptions<typeof schema>, { signal }: CommandContext): Promise<void> {
  const { file, runs_dir, print: only, shard, shards } = completeOptions(schema, given);
  const sweep = parseSweep(readText(file), file, runs_dir);
  const part = shardOf(shard, shards, process.env);
  const runs = part ? shardItems(sweep.runs, part) : sweep.runs;
  if (only) {
    for (const { words } of runs) print(`${commandLine("train", ...words)}\n`);
    return;
  }
  makeFolder(sweep.folder);
  const outcomes: Outcomes = new Map();
  for (const [i, run] of runs.entries()) {
    if (i > 0) await writeSweepReport(sweep, outcomes);
    // Ctrl-C may have come while the report was made.
    if (signal.aborted) break;
    printError(`run ${i + 1} of ${runs.length}: ${run.name}\n`);
    if (alarmed(sweep, run)) {
      printError(`stopped by an alarm before; to go on all the same: ${resumeCommand(run.options)}\n`);
      outcomes.set(run.name, STOPPED);
      continue;
    }
    const status = await train(sweep, run, signal);
    if (signal.aborted) break;
    const failure = alarmed(sweep, run) ? STOPPED : `ended with status ${status}`;
    outcomes.set(run.name, status === 0 ? TRAINED : failure);
  }
  const report = await writeSweepReport(sweep, outcomes);
  print(`report: ${report}\n`);
  const failed = failedRuns(outcomes);
  if (failed.length === 0 || signal.aborted) return;
  throw new CutgpuError(
    "SWEEP",
    `${failed.length} of ${runs.length} runs did not end well: ${failed.join(", ")};`,
    "what they said stands above.",
  );
}

/** Whether a run is one that --stop_on alarm has ended, and that therefore is not resumed. */
function alarmed({ folder }: Sweep, { name, options }: SweepRun): boolean {
  const run = RunFolder.look(join(folder, name));
  if (options.stop_on !== "alarm" || run.alarms.empty || !existsSync(run.checkpointPath("latest"))) return false;
  // In its last epoch a run may be done, since it can be resumed by hand; the training knows.
  const [last] = run.losses.last(1);
  return last !== undefined && last.epoch < options.n_epochs + options.n_epochs_decay;
}

/**
 * Trains in a process of its own, which resumes where the run has a checkpoint, with the options as the file has them
 * now; returns its status.
 */
function train({ folder }: Sweep, { name, words }: SweepRun, signal: AbortSignal): Promise<number> {
  const continued = existsSync(join(folder, name, "latest.safetensors"));
  const own = continued ? ["--continue_train", ...words] : words;
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1], "train", ...own], { stdio: "inherit" });
  // For signals to this process alone; if the child gets two within a moment, it counts them as one.
  const stop = () => child.kill(signal.reason instanceof Interruption ? signal.reason.signal : "SIGTERM");
  signal.addEventListener("abort", stop);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => {
      signal.removeEventListener("abort", stop);
      resolve(status ?? 1);
    });
  });
}
