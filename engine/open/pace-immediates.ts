// How a Node process waits for dawn.node without taking a core from a software adapter.
// https://github.com/dawn-gpu/node-webgpu; Dawn's src/dawn/node/binding/AsyncRunner.cpp.

const SPIN_MS = 0.5;

let pacing = false;

/** Whether it is a function without a name in native code, as Dawn's callback is. */
const isNative = (callback: { readonly name: string } | undefined) =>
  callback?.name === "" && /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(callback));

/**
 * While a GPU promise is outstanding, dawn.node asks for progress in a loop of setImmediate that keeps a whole core
 * busy. On a software adapter the work itself wants that core: on two cores a training step took 1.3 to 1.9 times as
 * long. After this call the loop runs freely for half a millisecond, and from then on each round waits a millisecond.
 * It replaces the global setImmediate, which for callbacks in JavaScript does what it did.
 */
export function paceImmediates(): void {
  if (pacing) return;
  pacing = true;
  const immediate = globalThis.setImmediate;
  let spinningSince = 0;
  let lastCall = 0;
  const paced = (callback: (...values: unknown[]) => void, ...values: unknown[]) => {
    if (!isNative(callback)) return immediate(callback, ...values);
    const now = performance.now();
    if (now - lastCall > 2 * SPIN_MS + 1) spinningSince = now;
    lastCall = now;
    if (now - spinningSince < SPIN_MS) return immediate(callback, ...values);
    return setTimeout(callback, 1, ...values) as unknown as NodeJS.Immediate;
  };
  globalThis.setImmediate = Object.assign(paced, { __promisify__: immediate.__promisify__ }) as typeof setImmediate;
}
