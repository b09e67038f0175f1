#!/usr/bin/env node
// The command `cutgpu`: the table of commands, and all that concerns the process itself (signals, streams, exit status).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandEntry, dispatch, interrupted } from "../cut/cli/terminal/dispatch.js";
import { describeFailure } from "../cut/cli/terminal/failure.js";
import { packageRoot } from "../cut/files/package-root.js";

const commands: Record<string, CommandEntry> = {
  train: { summary: "train on two folders of pictures", load: () => import("../cut/cli/commands/train-command.js") },
  translate: {
    summary: "translate pictures with a trained model",
    load: () => import("../cut/cli/commands/translate-command.js"),
  },
  inspect: {
    summary: "show what a trained encoder sees in a picture",
    load: () => import("../cut/cli/commands/inspect-command.js"),
  },
  export: {
    summary: "write a model for PyTorch or other tools",
    load: () => import("../cut/cli/commands/export-command.js"),
  },
  demo: {
    summary: "train a small model in minutes and show the result",
    load: () => import("../cut/cli/commands/demo-command.js"),
  },
  web: {
    summary: "translate, train and look inside in a browser tab",
    load: () => import("../cut/cli/commands/web-command.js"),
  },
  bench: {
    summary: "measure the kernels, a training step, and what the adapter can do",
    // With `tune` the only door from the method to the benchmarks, and opened only for these commands.
    load: () => import("../bench/commands/bench-command.js"),
  },
  tune: {
    summary: "measure which kernels are the fastest here, and use them from then on",
    load: () => import("../bench/commands/tune-command.js"),
  },
  doctor: {
    summary: "check the adapter, and say what to install",
    load: () => import("../cut/cli/commands/doctor-command.js"),
  },
};

const debug = Boolean(process.env["CUTGPU_DEBUG"]);
const stop = new AbortController();

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(interrupted);
    stop.abort();
  });
}

// A reader that went away (`cutgpu --help | head -1`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.on("uncaughtException", (error) => {
  process.stderr.write(`${describeFailure(error, "cutgpu", debug).text}\n`);
  process.exit(1);
});

const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as {
  version: string;
};

process.exitCode = await dispatch(process.argv.slice(2), {
  commands,
  version,
  signal: stop.signal,
  width: Math.min(110, Math.max(60, process.stdout.columns ?? 100)),
  debug,
  print: (text) => process.stdout.write(text),
  printError: (text) => process.stderr.write(text),
});
