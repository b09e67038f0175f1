// Work that follows a state that changes faster than the work takes, such as a drawing under the pen: one run at a
// time, and after requests in the meantime one more, which sees the newest state.

/** Returns a function that requests a run of `work`; runs never overlap, and errors go to `onError`. */
export function latest(work: () => Promise<void>, onError: (error: unknown) => void): () => void {
  let running = false;
  let asked = false;
  const run = async () => {
    running = true;
    try {
      while (asked) {
        asked = false;
        await work();
      }
    } catch (error) {
      onError(error);
    } finally {
      running = false;
    }
  };
  return () => {
    asked = true;
    if (!running) run();
  };
}
