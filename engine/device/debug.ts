// The debug mode of openGpu: what an app does wrong without an error, with the place in its code. It reads every result
// back, hence the time it takes.
import type { Tensor } from "../core/tensor.js";
import type { Gpu } from "./gpu.js";

/** Tensors alive outside of any scope that are taken for a leak. */
const MANY = 1000;

/** The place in the app's code that called the engine, as a stack has it; in a bundle, the outermost call. */
function caller(): string {
  const engine = new URL("..", import.meta.url).href;
  const [, ...frames] = (new Error().stack ?? "").split("\n").filter((line) => /:\d+\)?$/.test(line));
  return (frames.find((frame) => !frame.includes(engine)) ?? frames.at(-1) ?? "").trim();
}

/** Tells `notify` of tensors that pile up and of the first NaN, once each. */
export function lookForMistakes(gpu: Gpu, notify: (message: string) => void): void {
  let loose: Tensor[] | null = [];
  let found = false;
  gpu.observers.add({
    onTensor(tensor) {
      gpu.queue.write(tensor.requireBuffer(), new Uint8Array(tensor.storage.bytes).fill(255), tensor.storage.offset);
      if (!loose || gpu.scopes.any) return;
      loose.push(tensor);
      if (loose.length < MANY) return;
      loose = loose.filter(({ disposed }) => !disposed);
      if (loose.length < MANY / 2) return;
      loose = null;
      notify(`tensors pile up outside of any scope, as here: ${caller()}; dispose() them or use gpu.scope().`);
    },
    onOperator({ operator }, output) {
      if (found || gpu.recorder || output.dtype === "i32") return;
      const place = caller();
      output.read().then(
        (values) => {
          if (found || !values.some(Number.isNaN)) return;
          found = true;
          notify(`${operator} [${output.shape}] is the first with a NaN, or read memory nobody wrote to: ${place}`);
        },
        // The engine was disposed, or the device is lost.
        () => undefined,
      );
    },
  });
}
