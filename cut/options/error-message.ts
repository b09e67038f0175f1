// Error messages for users, the same in the terminal and on the page. The engine's advice is about tensors and devices;
// users have options and commands instead.
import { type CutgpuError, DeviceLostError, LimitError, OutOfMemoryError } from "../../engine/lib/errors.js";

/** The error message: what happened and what to do, as one sentence. */
export function errorMessage(error: CutgpuError): string {
  const { message } = error;
  const fix = adviceOn(error);
  if (!fix) return message;
  if (/[.;:!?]$/.test(message)) return `${message} ${fix}`;
  return `${message}; ${fix[0].toLowerCase()}${fix.slice(1)}`;
}

function adviceOn(error: CutgpuError): string {
  if (error instanceof DeviceLostError && error.fix.startsWith("Begin again")) return "Try again.";
  if (!(error instanceof LimitError) || !error.fix.startsWith("Use smaller tensors")) return error.fix;
  const less = error instanceof OutOfMemoryError ? "Train with --low_memory, or lower" : "Lower";
  return `${less} --crop_size, --batch_size or --ngf (for translation: --size).`;
}
