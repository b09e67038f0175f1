// What is known of a failure in one sentence, for the page and its worker. Options are named as in the form, without the command
// line's dashes.
import { CutgpuError } from "../../engine/core/errors.js";
import { errorMessage } from "../options/error-message.js";

export function describeError(error: unknown): string {
  if (error instanceof CutgpuError) {
    const sentence = errorMessage(error).replaceAll(/--(?=[a-z])/gi, "");
    // Not where it begins with the name of a file.
    return /^[a-z]+[ ,;]/.test(sentence) ? sentence[0].toUpperCase() + sentence.slice(1) : sentence;
  }
  const text = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ");
  return `${text.replace(/\.$/, "")}; this is a defect of the page, and reloading it may help.`;
}
