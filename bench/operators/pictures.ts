// Rows of pictures in and out: pixels to a tensor, and a tensor to pixels. They cross between the processor and the
// adapter and are no part of a recorded program, so wall time is taken, and they have no place on the roofline.
// toCanvas has no row: it needs a canvas, which only a page has.
import { fromImage, type Gpu, toImageData } from "../../engine/index.js";
import { randomTensor } from "../inputs/random-data.js";
import type { BenchCase } from "../measurement/case.js";
import { measureWall, SHORT_BUDGET_MS } from "../measurement/measure.js";
import { NO_COST } from "../measurement/observe.js";

const SIDE = 256;
const data = Uint8ClampedArray.from({ length: 4 * SIDE * SIDE }, (_, i) => (i * 37) % 256);

/** A row of the work that `prepare` returns, which is timed, and then disposed. */
function pictureCase(kernel: string, prepare: (gpu: Gpu) => { work(): Promise<unknown>; dispose(): void }): BenchCase {
  return {
    suite: "kernels",
    kernel,
    variant: "default",
    shape: `${SIDE}x${SIDE} pixels`,
    async run({ gpu, signal }) {
      const { work, dispose } = prepare(gpu);
      try {
        const measurement = await measureWall(work, { budget: SHORT_BUDGET_MS, signal });
        return { measurement, ...NO_COST, note: "wall time with the way between processor and adapter" };
      } finally {
        dispose();
      }
    },
  };
}

export const pictureCases: readonly BenchCase[] = [
  pictureCase("fromImage", (gpu) => ({
    async work() {
      const tensor = fromImage(gpu, { width: SIDE, height: SIDE, data });
      await gpu.finish();
      tensor.dispose();
    },
    dispose() {},
  })),
  pictureCase("toImageData", (gpu) => {
    const tensor = randomTensor(gpu, [1, 3, SIDE, SIDE]);
    return { work: () => toImageData(tensor), dispose: () => tensor.dispose() };
  }),
];
