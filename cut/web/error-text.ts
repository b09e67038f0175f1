// Error messages for pages and their workers. Options are named as in the form, without the command line's dashes.
import { CutgpuError } from "../../engine/lib/errors.js";
import { errorMessage } from "../options/error-message.js";

export function describeError(error: unknown): string {
  if (error instanceof CutgpuError) {
    const message = errorMessage(error).replaceAll(/--(?=[a-z])/gi, "");
    // The name of a file keeps its first letter.
    return /^[a-z]+[ ,;]/.test(message) ? message[0].toUpperCase() + message.slice(1) : message;
  }
  const text = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ");
  return `${text.replace(/\.$/, "")}; this is a defect of the page, and reloading it may help.`;
}
