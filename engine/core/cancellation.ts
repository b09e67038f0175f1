// Cancellation: what all work that takes more than a moment has in common. It can be watched, and called off by an
// AbortSignal.

export interface CancellationOptions {
  /** Aborting rejects with the signal's reason, and leaves everything as if the work had not been begun. */
  signal?: AbortSignal;
  /** Told how much of the work is done, from 0 to 1. */
  onProgress?(fraction: number): void;
}

/** Settles as `work` does, or rejects with the signal's reason as soon as that is aborted. `work` itself goes on. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
