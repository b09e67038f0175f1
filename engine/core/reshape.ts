// Reshape. It costs nothing: the result aliases the input's memory.
import { shapeIn } from "../lib/shapes.js";
import { type Shape, sizeOf, type Tensor } from "./tensor.js";

/**
 * The same elements in another shape of equal size. One size may be -1: it is inferred.
 *
 * @example
 * ```ts
 * console.log(reshape(gpu.empty([2, 6]), [3, -1]).shape); // 3,4
 * ```
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  shapeIn("reshape", x);
  const open = shape?.indexOf?.(-1) ?? -1;
  const y = x.alias(open < 0 ? shape : shape.with(open, Math.abs(x.size / sizeOf(shape))));
  if (x.gpu.tape.wants([x])) {
    x.gpu.tape.add({
      operator: "reshape",
      inputs: [x],
      output: y,
      saved: [],
      gradient: (dy) => [reshape(dy, x.shape)],
    });
  }
  return y;
}
