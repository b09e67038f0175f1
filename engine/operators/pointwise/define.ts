// How operators that work element by element are defined: of one tensor, and of two that broadcast.
import { defineOperator, type OperatorRecord } from "../../core/operator.js";
import { broadcastShapes, sameShape } from "../../core/shapes.js";
import type { Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";
import { type BinaryOp, type BroadcastOp, runBinary, runBroadcast } from "../lib/pointwise-kernels.js";

type One = readonly [x: Tensor];
type Two = readonly [a: Tensor, b: Tensor];

// @__NO_SIDE_EFFECTS__
export function defineUnary<O>(
  name: string,
  forward: (gpu: Gpu, x: Tensor, y: Tensor, options: O) => undefined,
  gradient: (dy: Tensor, x: Tensor, y: Tensor, options: O) => Tensor | null,
) {
  return defineOperator<One, O>({
    name,
    shape: ([x]) => x.shape,
    cheap: true,
    forward: (gpu, [x], options, y) => forward(gpu, x, y, options),
    gradient: ({ inputs: [x], output, options }, dy) => [gradient(dy, x, output, options)],
  });
}

// @__NO_SIDE_EFFECTS__
export function defineBinary(
  name: string,
  op: BinaryOp & BroadcastOp,
  gradient: OperatorRecord<Two, object>["gradient"],
) {
  return defineOperator<Two, object>({
    name,
    shape: ([a, b]) => broadcastShapes(name, a.shape, b.shape),
    cheap: true,
    forward(gpu, [a, b], _, y) {
      if (sameShape(a.shape, b.shape)) return runBinary(gpu, op, a, b, y);
      return runBroadcast(gpu, name, op, a, b, y);
    },
    gradient,
  });
}
