// Definitions of element-wise operators: of one tensor, and of two that broadcast. If both are i32, so is the result,
// and it has no gradient.
import type { Gpu } from "../../core/gpu.js";
import { defineOperator, type Operator, type OperatorRecord, unmixed } from "../../core/operator.js";
import type { Tensor } from "../../core/tensor.js";
import { checkValue, tensor } from "../../lib/check-options.js";
import { elementsOf, int32 } from "../../lib/elements.js";
import { broadcastShapes, sameShape } from "../../lib/shapes.js";
import { type BinaryOp, type BroadcastOp, runBinary, runBroadcast } from "../lib/pointwise-kernels.js";
import { runExpand } from "../reduction/index.js";

type One = readonly [x: Tensor];
type Two = readonly [a: Tensor, b: Tensor];

// @__NO_SIDE_EFFECTS__
export function defineUnary<O>(
  name: string,
  forward: (gpu: Gpu, x: Tensor, y: Tensor, options: O) => undefined,
  gradient: (dy: Tensor, x: Tensor, y: Tensor, options: O) => Tensor | null,
  dtype?: OperatorRecord<One, O>["dtype"],
) {
  return defineOperator<One, O>({
    name,
    dtype,
    shape: ([x]) => x.shape,
    cheap: true,
    forward: (gpu, [x], options, y) => forward(gpu, x, y, options),
    gradient: ({ inputs: [x], output, options }, dy) => [gradient(dy, x, output, options)],
  });
}

const isInteger = ({ dtype }: Tensor) => dtype === "i32";

// @__NO_SIDE_EFFECTS__
export function defineBinary(
  name: string,
  op: BinaryOp & BroadcastOp,
  gradient: NonNullable<OperatorRecord<Two, object>["gradient"]>,
) {
  return defineOperator<Two, object>({
    name,
    // Division of integers is left out, because it could round in several ways.
    integers: op === "DIV" ? [] : [0, 1],
    dtype: (inputs) => unmixed(name, inputs),
    shape: ([a, b]) => broadcastShapes(name, a.shape, b.shape),
    cheap: true,
    forward(gpu, [a, b], _, y) {
      if (sameShape(a.shape, b.shape) && !isInteger(a)) return runBinary(gpu, op, a, b, y);
      const expanded = (x: Tensor) => runExpand(gpu, x, gpu.empty(y.shape, x.dtype), 1);
      // Equal shapes have one axis.
      if (!runBroadcast(gpu, op, a, b, y)) gpu.scope(() => runBroadcast(gpu, op, expanded(a), expanded(b), y));
      return undefined;
    },
    gradient: (context, dy) => (isInteger(context.output) ? [null, null] : gradient(context, dy)),
  });
}

/** A tensor, or a number that broadcasts like a tensor of one element. */
export type Operand = Tensor | number;

/**
 * Applies an operator without a gradient; one of the operands may be a number, which must be whole if the other is i32.
 */
export function withNumbers(operator: Operator<Two, object>, a: Operand, b: Operand): Tensor {
  if (typeof a !== "number" && typeof b !== "number") return operator([a, b], {});
  const [value, other] = typeof a === "number" ? [a, b] : [b, a];
  const { name } = operator.record;
  checkValue(`${name}: an operand with a number`, other, tensor);
  const { gpu, dtype } = other as Tensor;
  if (dtype === "i32") checkValue(`${name}: a number with i32`, value, int32);
  return gpu.scope(() => {
    const number = gpu.tensor(elementsOf(name, value as number, dtype === "i32" ? dtype : "f32", []), []);
    return operator(typeof a === "number" ? [number, other as Tensor] : [a, number], {});
  });
}
