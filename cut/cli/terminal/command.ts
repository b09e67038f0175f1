// A command. Its module default-exports one, made by `defineCommand`; a list gives each a name, a summary and a way to
// load its module, which happens only when the command is called, so that help and errors appear at once.
import type { GivenOptions, OptionSchema } from "../../options/schema.js";

/** What a command gets from its surroundings. */
export interface CommandContext {
  /**
   * Aborted where the process is asked to stop (signals.ts): finish the step, save, say how to resume, and return. The
   * exit status is then that of the signal.
   */
  signal: AbortSignal;
}

export interface Command<S extends OptionSchema = OptionSchema> {
  /** The rest of the usage line, after the command's name. */
  usage: string;
  options: S;
  /** The option that takes a first word without a name. */
  positional?: string;
  /** Defaults that a preset changes, shown in the help next to the defaults: `{ FastCUT: { lambda_NCE: 10 } }`. */
  presets?: Record<string, Record<string, unknown>>;
  /** The option whose value determines which others there are; the help shows those that belong to it. */
  chooser?: string;
  /**
   * Does the job. `given` holds only what was typed, each value checked; `completeOptions(schema, given)` fills in the
   * defaults and requires the required ones. Returning means success; a failure is thrown, as a `CutgpuError` where a
   * user can cause it.
   */
  run(given: GivenOptions<S>, context: CommandContext): Promise<void>;
}

/** Gives `run` the types that its options have. */
export function defineCommand<S extends OptionSchema>(command: Command<S>): Command<S> {
  return command;
}

export interface CommandEntry {
  /** What the command does, as a phrase without a full stop. */
  summary: string;
  /** The module that default-exports the command; loaded only when it is called. */
  load(): Promise<{ default: Command }>;
}

/** Commands by name, in the order of the help. */
export type CommandList = Readonly<Record<string, CommandEntry>>;
