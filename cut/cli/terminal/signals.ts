// Signals that stop a command, and the process's exit status. The first Ctrl-C (SIGINT), SIGTERM or closed terminal
// (SIGHUP) asks the command to finish its step, save and return; the exit status is then 128 and the signal's number,
// as shells have it. A second one ends the process at once, but only after a pause: under npx and npm one Ctrl-C
// arrives twice within milliseconds, from the terminal and from npm. Whatever must happen before every exit, such as
// releasing a lock or restoring the terminal's line wrap, listens to the process's "exit". Readers that go away (`|
// head`, a closed terminal) have no effect.

/** A second signal counts only after this time. */
const PAUSE_MS = 500;

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Why a command was asked to stop: the `reason` of its AbortSignal. */
export class Interruption extends Error {
  /** The exit status of the process. */
  readonly status: number;

  constructor(readonly signal: keyof typeof SIGNALS) {
    super(`stopped by ${signal}`);
    this.name = "AbortError";
    this.status = 128 + SIGNALS[signal];
  }
}

/** The part of `process` that is used here. */
export interface StoppableProcess {
  on(event: string, listener: () => void): unknown;
  exit(status: number): unknown;
}

/** A signal that is aborted, with an Interruption, when the process is asked to stop; a second time exits. */
export function stopOnSignals(around: StoppableProcess, now: () => number = () => performance.now()): AbortSignal {
  const stop = new AbortController();
  let since = 0;
  for (const name of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
    around.on(name, () => {
      if (!stop.signal.aborted) {
        since = now();
        stop.abort(new Interruption(name));
      } else if (now() - since >= PAUSE_MS) {
        around.exit((stop.signal.reason as Interruption).status);
      }
    });
  }
  return stop.signal;
}

/**
 * Lets a stream of the process lose its reader: later output is dropped without an error. Returns a function that
 * returns any other failure, such as a full disk under a log.
 */
export function outliveReader(stream: Pick<NodeJS.WriteStream, "on">): () => Error | undefined {
  let failure: Error | undefined;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // A pipe without a reader is EPIPE, a terminal that is gone EIO.
    if (error.code !== "EPIPE" && error.code !== "EIO") failure ??= error;
  });
  return () => failure;
}
