// Another shape over the same elements. Costs nothing: the result aliases the input's memory.
import { ShapeError } from "./errors.js";
import { type Shape, sizeOf, type Tensor } from "./tensor.js";

/** The same elements in another shape of equal size. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (sizeOf(shape) !== x.size) {
    throw new ShapeError(
      `reshape: [${x.shape}] holds ${x.size} numbers and [${shape}] would hold ${sizeOf(shape)}`,
      "The products of the sizes must be equal.",
    );
  }
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
