// Work that must follow something that changes faster than it can be done, such as a drawing under the pen: one run at
// a time, and where several were asked for meanwhile, one more, which sees the newest state.

/** A function that asks for `work`, which never overlaps with itself; what goes wrong in it is told to `onError`. */
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
