// The debug mode of openGpu: it reports mistakes that cause no error, with the location in the app's code. It is slow
// because it reads every result back.
import type { Gpu } from "../core/gpu.js";
import type { Tensor } from "../core/tensor.js";

/** More live tensors outside of any scope are reported as a leak. */
const MANY = 1000;

/** The stack frame of the app's code that called the engine; in a bundle, the outermost frame. */
function caller(): string {
  const engine = new URL("..", import.meta.url).href;
  const [, ...frames] = (new Error().stack ?? "").split("\n").filter((line) => /:\d+\)?$/.test(line));
  return (frames.find((frame) => !frame.includes(engine)) ?? frames.at(-1) ?? "").trim();
}

/** Notifies of leaked tensors and of the first NaN, once each. */
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
