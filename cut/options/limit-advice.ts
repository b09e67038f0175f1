// Advice on an adapter's limits. The engine says which tensor was too large; only the method knows which options make
// it smaller.
import { LimitError } from "../../engine/core/errors.js";

/** Throws `error` on: a LimitError with the options to lower as its fix, any other as it is. */
export function adviseOnLimit(error: unknown): never {
  if (!(error instanceof LimitError)) throw error;
  const advice = "Lower --crop_size, --batch_size or --ngf (for translation: --size).";
  throw Object.assign(new LimitError(error.message, advice), { cause: error });
}
