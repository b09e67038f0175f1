// Options shared by all long work: progress, and cancellation by an AbortSignal.

export interface CancellationOptions {
  /** Aborting rejects with the signal's reason and leaves everything as if the work had not been started. */
  signal?: AbortSignal;
  /** Called with the fraction of the work that is done, from 0 to 1. */
  onProgress?(fraction: number): void;
}

/** Settles as `work` does, or rejects with the signal's reason as soon as it is aborted. `work` itself continues. */
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
