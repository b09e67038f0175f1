#!/usr/bin/env node
// The command `cutgpu`: the part that concerns the process itself (signals, streams, exit status). The commands are
// those of CUT and those of the benchmarks, put together here, since neither imports the other.
import { benchCommands } from "../bench/commands/index.js";
import { cutCommands } from "../cut/cli/commands/index.js";
import {
  describeFailure,
  dispatch,
  exitStatus,
  outliveReader,
  print,
  printError,
  stopOnSignals,
} from "../cut/cli/terminal/index.js";
import { packageVersion } from "../cut/files/package-root.js";
import { pages } from "./pages.js";

const { doctor, ...jobs } = cutCommands(pages);

const debug = Boolean(process.env["CUTGPU_DEBUG"]);
const outputFailure = outliveReader(process.stdout);
outliveReader(process.stderr);

process.on("uncaughtException", (error) => {
  printError(`${describeFailure(error, "cutgpu", debug).text}\n`);
  process.exit(exitStatus.failed);
});

const status = await dispatch(process.argv.slice(2), {
  about: "contrastive unpaired image-to-image translation (CUT) on WebGPU",
  // In the order of the help.
  commands: { ...jobs, ...benchCommands, doctor },
  version: packageVersion(),
  signal: stopOnSignals(process),
  width: Math.min(110, Math.max(60, process.stdout.columns ?? 100)),
  debug,
  print,
  printError,
});
process.exitCode = status;
process.on("exit", () => {
  const failure = outputFailure();
  if (!failure || process.exitCode !== exitStatus.done) return;
  printError(`${describeFailure(failure, "cutgpu: standard output", debug).text}\n`);
  process.exitCode = exitStatus.failed;
});
