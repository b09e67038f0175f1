// How the command line ends when something goes wrong: one sentence on stderr, no stack trace, and a status that scripts
// can tell apart: 2 for a command line that makes no sense, 1 for a job that failed, 130 for one that was interrupted.
import { CutgpuError } from "../../../engine/core/errors.js";
import { fileError } from "../../files/atomic-files.js";
import { errorMessage } from "../../options/error-message.js";
import { OptionError } from "../../options/schema.js";

export interface Failure {
  status: number;
  /** What to print, without a line feed. */
  text: string;
}

export { errorMessage };

/** `prefix` is the command as it was called, such as "cutgpu train"; `debug` adds the stack of unexpected errors. */
export function describeFailure(error: unknown, prefix: string, debug = false): Failure {
  const known = error instanceof CutgpuError ? error : fileError(error);
  if (known) {
    const sentence = errorMessage(known);
    const stack = debug && known.stack ? `\n${known.stack}` : "";
    return { status: known instanceof OptionError ? 2 : 1, text: `${prefix}: ${sentence}${stack}` };
  }
  const what = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ");
  const text = `${prefix}: ${what}; this is a defect: run again with CUTGPU_DEBUG=1 for details.`;
  return { status: 1, text: debug && error instanceof Error && error.stack ? `${text}\n${error.stack}` : text };
}
