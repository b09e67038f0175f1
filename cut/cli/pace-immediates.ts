// How Node waits for the GPU in commands, and in the benchmark's other engines (bench/peers/globals.mjs).

const SPIN_MS = 0.5;

/**
 * While a GPU promise is outstanding, dawn.node asks for progress in a loop of setImmediate that keeps a whole core
 * busy. On a software adapter the work itself wants that core. Here the loop runs freely for half a millisecond, and
 * from then on each round waits a millisecond. Only commands do this: it replaces a global.
 */
export function paceImmediates(): void {
  const immediate = globalThis.setImmediate;
  let spinningSince = 0;
  let lastCall = 0;
  const paced = (callback: (...values: unknown[]) => void, ...values: unknown[]) => {
    const now = performance.now();
    if (now - lastCall > 2 * SPIN_MS + 1) spinningSince = now;
    lastCall = now;
    if (now - spinningSince < SPIN_MS) return immediate(callback, ...values);
    return setTimeout(callback, 1, ...values) as unknown as NodeJS.Immediate;
  };
  globalThis.setImmediate = Object.assign(paced, { __promisify__: immediate.__promisify__ }) as typeof setImmediate;
}
