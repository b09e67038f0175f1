// How the command line ends when something goes wrong: one error message on stderr, no stack trace, and an exit status
// that scripts can tell apart.
import { CutgpuError } from "../../../engine/lib/errors.js";
import { fileError } from "../../files/atomic-files.js";
import { errorMessage } from "../../options/error-message.js";
import { OptionError } from "../../options/schema.js";
import { printableLine } from "./output.js";

export interface Failure {
  status: number;
  /** What to print, without a line feed. */
  text: string;
}

export const exitStatus = {
  done: 0,
  failed: 1,
  /** The command line makes no sense. */
  nonsense: 2,
} as const;

/** `prefix` is the command as it was called, such as "cutgpu train"; `debug` adds the stack of unexpected errors. */
export function describeFailure(error: unknown, prefix: string, debug = false): Failure {
  const known = error instanceof CutgpuError ? error : fileError(error);
  if (known) {
    const stack = debug && known.stack ? `\n${known.stack}` : "";
    const status = known instanceof OptionError ? exitStatus.nonsense : exitStatus.failed;
    return { status, text: `${prefix}: ${printableLine(errorMessage(known))}${stack}` };
  }
  // Sizes that were typed and that no check foresaw.
  if (
    error instanceof RangeError &&
    /^(Invalid typed array length|Array buffer allocation failed)/.test(error.message)
  ) {
    const text = `${prefix}: the sizes that were asked for need more memory than there is; lower them.`;
    return { status: exitStatus.failed, text };
  }
  const what = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ");
  const text = `${prefix}: ${what}; this is a defect: run again with CUTGPU_DEBUG=1 for details.`;
  const stack = debug && error instanceof Error && error.stack ? `\n${error.stack}` : "";
  return { status: exitStatus.failed, text: `${text}${stack}` };
}
