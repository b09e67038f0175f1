// From a command line to a command and an exit status, without touching the process, so that tests can do the same.
import { nearest } from "../../options/nearest-word.js";
import { OptionError } from "../../options/schema.js";
import { parseArguments } from "./arguments.js";
import type { Command } from "./command.js";
import { describeFailure } from "./failure.js";
import { commandHelp, generalHelp } from "./help.js";

export interface CommandEntry {
  summary: string;
  /** The module that default-exports the command; loaded only when it is called. */
  load(): Promise<{ default: Command }>;
}

export interface Surroundings {
  commands: Record<string, CommandEntry>;
  version: string;
  signal: AbortSignal;
  /** Columns of the terminal. */
  width: number;
  /** Print the stacks of errors. */
  debug: boolean;
  print(text: string): void;
  printError(text: string): void;
}

/** Exit status of a job that the user interrupted. */
export const interrupted = 130;

/** Runs `argv` (without node and the script) and returns the exit status. Never throws. */
export async function dispatch(argv: readonly string[], around: Surroundings): Promise<number> {
  const [name, ...rest] = argv;
  let prefix = "cutgpu";
  try {
    if (name === undefined || name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) {
      around.print(generalHelp(around.commands, around.width));
      return name === undefined ? 2 : 0;
    }
    if (name === "--version") {
      around.print(`${around.version}\n`);
      return 0;
    }
    if (!Object.hasOwn(around.commands, name)) {
      const suggestion = nearest(name, Object.keys(around.commands));
      throw new OptionError(
        `there is no command ${name}${suggestion ? `, did you mean ${suggestion}?` : " (cutgpu --help lists them)."}`,
      );
    }
    prefix = `cutgpu ${name}`;
    const command = (await around.commands[name].load()).default;
    const { given, help } = parseArguments(command.options, rest);
    if (help) {
      around.print(commandHelp(command, around.width));
      return 0;
    }
    await command.run(given, { signal: around.signal });
    return around.signal.aborted ? interrupted : 0;
  } catch (error) {
    if (around.signal.aborted && (error === around.signal.reason || (error as Error)?.name === "AbortError")) {
      return interrupted;
    }
    const failure = describeFailure(error, prefix, around.debug);
    around.printError(`${failure.text}\n`);
    return failure.status;
  }
}
