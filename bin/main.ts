#!/usr/bin/env node
// The command `cutgpu`: what concerns the process itself (signals, streams, exit status). The commands are those of CUT
// and those of the benchmarks, put together here, since neither knows of the other's.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { benchCommands } from "../bench/commands/index.js";
import { cutCommands } from "../cut/cli/commands/index.js";
import { describeFailure, dispatch, exitStatus } from "../cut/cli/terminal/index.js";
import { packageRoot } from "../cut/files/package-root.js";
import { pages } from "./pages.js";

const { doctor, ...jobs } = cutCommands(pages);

const debug = Boolean(process.env["CUTGPU_DEBUG"]);
const stop = new AbortController();

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(exitStatus.interrupted);
    stop.abort();
  });
}

// A reader that went away (`cutgpu --help | head -1`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitStatus.done);
  throw error;
});

process.on("uncaughtException", (error) => {
  process.stderr.write(`${describeFailure(error, "cutgpu", debug).text}\n`);
  process.exit(exitStatus.failed);
});

const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as {
  version: string;
};

process.exitCode = await dispatch(process.argv.slice(2), {
  about: "contrastive unpaired image-to-image translation (CUT) on WebGPU",
  // In the order of the help.
  commands: { ...jobs, ...benchCommands, doctor },
  version,
  signal: stop.signal,
  width: Math.min(110, Math.max(60, process.stdout.columns ?? 100)),
  debug,
  print: (text) => process.stdout.write(text),
  printError: (text) => process.stderr.write(text),
});
