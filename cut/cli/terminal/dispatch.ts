// From a command line to a command and an exit status, without touching the process, so that tests can do the same.
import { nearest } from "../../options/nearest-word.js";
import { insteadOfCommand } from "../../options/pytorch-names.js";
import { OptionError } from "../../options/schema.js";
import { parseArguments } from "./arguments.js";
import type { CommandList } from "./command.js";
import { describeFailure, exitStatus } from "./failure.js";
import { commandHelp, generalHelp } from "./help.js";
import { Interruption } from "./signals.js";

export interface DispatchContext {
  /** A description of the program, the first line of its help. */
  about: string;
  commands: CommandList;
  version: string;
  signal: AbortSignal;
  /** Columns of the terminal. */
  width: number;
  /** Print the stacks of errors. */
  debug: boolean;
  print(text: string): void;
  printError(text: string): void;
}

/** Runs `argv` (without node and the script) and returns the exit status. Never throws. */
export async function dispatch(argv: readonly string[], around: DispatchContext): Promise<number> {
  // "help train" is "train --help".
  const [name, ...rest] = argv[0] === "help" && argv.length > 1 ? [argv[1], "--help"] : argv;
  let prefix = "cutgpu";
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      around.print(generalHelp(around.about, around.commands, around.width));
      return name === undefined ? exitStatus.nonsense : exitStatus.done;
    }
    if (name === "--version") {
      around.print(`${around.version}\n`);
      return exitStatus.done;
    }
    if (!Object.hasOwn(around.commands, name)) {
      const instead = insteadOfCommand.get(name);
      const suggestion = nearest(name, Object.keys(around.commands));
      const hint = suggestion ? `, did you mean ${suggestion}?` : " (cutgpu --help lists them).";
      throw new OptionError(`there is no command ${name}${instead ? `: ${instead}.` : hint}`);
    }
    prefix = `cutgpu ${name}`;
    const { summary, load } = around.commands[name];
    const command = (await load()).default;
    const { given, help } = parseArguments(command.options, rest, command.positional);
    if (help) {
      around.print(commandHelp(name, summary, command, around.width, given));
      return exitStatus.done;
    }
    await command.run(given, { signal: around.signal });
    return statusOf(around.signal);
  } catch (error) {
    if (around.signal.aborted && (error === around.signal.reason || (error as Error)?.name === "AbortError")) {
      return statusOf(around.signal);
    }
    const failure = describeFailure(error, prefix, around.debug);
    around.printError(`${failure.text}\n`);
    return failure.status;
  }
}

/** The exit status of a job that returned. */
function statusOf({ aborted, reason }: AbortSignal): number {
  if (!aborted) return exitStatus.done;
  return reason instanceof Interruption ? reason.status : exitStatus.failed;
}
