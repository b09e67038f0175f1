// Error messages for users, the same in the terminal and on the page.
import type { CutgpuError } from "../../engine/core/errors.js";

/** The error message: what happened and what to do, as one sentence. */
export function errorMessage({ message, fix }: CutgpuError): string {
  if (!fix) return message;
  if (/[.;:!?]$/.test(message)) return `${message} ${fix}`;
  return `${message}; ${fix[0].toLowerCase()}${fix.slice(1)}`;
}
