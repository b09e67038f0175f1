// Another shape over the same elements. Costs nothing: the result aliases the input's memory.
import type { Shape, Tensor } from "./tensor.js";

/** The same elements in another shape of equal size. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const y = x.alias(shape);
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
