// Rows of pictures in and out: pixels to a tensor, and a tensor to pixels. They cross between the processor and the
// adapter and are no part of a recorded program, so wall time is taken, and they have no place on the roofline.
// toCanvas has no row: it needs a canvas, which only a page has.
import { fromImage, toImageData } from "../../engine/index.js";
import { randomTensor } from "../inputs/random-data.js";
import type { BenchCase } from "../measurement/case.js";
import { measureWall, SHORT_BUDGET_MS } from "../measurement/measure.js";
import { NO_COST } from "../measurement/observe.js";

const SIDE = 256;
const shape = `${SIDE}x${SIDE} pixels`;
const note = "wall time with the way between processor and adapter";

const fromImageCase: BenchCase = {
  suite: "kernels",
  kernel: "fromImage",
  variant: "default",
  shape,
  async run({ gpu, signal }) {
    const data = Uint8ClampedArray.from({ length: 4 * SIDE * SIDE }, (_, i) => (i * 37) % 256);
    const pixels = { width: SIDE, height: SIDE, data };
    const load = async () => {
      const tensor = fromImage(gpu, pixels);
      await gpu.finish();
      tensor.dispose();
    };
    return { measurement: await measureWall(load, { budget: SHORT_BUDGET_MS, signal }), ...NO_COST, note };
  },
};

const toImageDataCase: BenchCase = {
  suite: "kernels",
  kernel: "toImageData",
  variant: "default",
  shape,
  async run({ gpu, signal }) {
    const tensor = randomTensor(gpu, [1, 3, SIDE, SIDE]);
    try {
      const save = () => toImageData(tensor);
      return { measurement: await measureWall(save, { budget: SHORT_BUDGET_MS, signal }), ...NO_COST, note };
    } finally {
      tensor.dispose();
    }
  },
};

export const pictureCases: readonly BenchCase[] = [fromImageCase, toImageDataCase];
