// Kernels that move or set memory, for the use of other operators.
import { copy, fill } from "../../../shaders/generated.js";
import type { Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";

/** Sets every element of y. */
export function fillWith(gpu: Gpu, y: Tensor, value: number): void {
  const quads = Math.ceil(y.size / 4);
  gpu.dispatch(fill, { bindings: { y }, params: { quads, value }, grid: Math.ceil(quads / 64) });
}

/** y[to...] = x[from...] for `size` elements, in flat order. */
export function copyInto(gpu: Gpu, x: Tensor, y: Tensor, size: number, from = 0, to = 0): void {
  gpu.dispatch(copy, {
    bindings: { x, y },
    params: { size, source_start: from, target_start: to },
    grid: Math.ceil(size / 64),
  });
}
