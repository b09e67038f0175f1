// Moving whole images: concatenation and slices along the first axis, and the horizontal flip; and for the use of other
// families, copies and fills of memory.
import { copy, fill, flip } from "../../../shaders/generated.js";
import { checkValue, oneOf, whole } from "../../core/check-options.js";
import { ShapeError } from "../../core/errors.js";
import { defineOperator, type Operator } from "../../core/operator.js";
import { sameShape, shapeText } from "../../core/shapes.js";
import type { Tensor } from "../../core/tensor.js";
import type { Gpu } from "../../device/gpu.js";

/** Sets every element of y. */
export function fillWith(gpu: Gpu, y: Tensor, value: number): void {
  const vec4s = Math.ceil(y.size / 4);
  gpu.dispatch(fill, { bindings: { y }, params: { vec4s, value }, invocations: vec4s });
}

/** y[to...] = x[from...] for `size` elements, in flat order. */
export function copyInto(gpu: Gpu, x: Tensor, y: Tensor, size: number, from = 0, to = 0): void {
  gpu.dispatch(copy, {
    bindings: { x, y },
    params: { size, source_start: from, target_start: to },
    invocations: size,
  });
}

export const concatOperator = defineOperator<readonly Tensor[], object>({
  name: "concat",
  shape(inputs) {
    const [first] = inputs;
    if (inputs.some((x) => !sameShape(x.shape.slice(1), first.shape.slice(1)))) {
      throw new ShapeError(
        `concat: shapes ${inputs.map(shapeText).join(", ")} differ beyond the first axis`,
        "All axes but the first must be equal.",
      );
    }
    return [inputs.reduce((total, x) => total + x.shape[0], 0), ...first.shape.slice(1)];
  },
  flops: () => 0,
  cheap: true,
  forward(gpu, inputs, _, y) {
    let at = 0;
    for (const x of inputs) {
      copyInto(gpu, x, y, x.size, 0, at);
      at += x.size;
    }
    return undefined;
  },
  gradient({ inputs, needs }, dy) {
    let start = 0;
    return inputs.map((x, i) => {
      const from = start;
      start += x.shape[0];
      return needs(i) ? slice(dy, from, start) : null;
    });
  },
});

export const sliceOperator = defineOperator<readonly [x: Tensor], { start: number; end: number }>({
  name: "slice",
  shape([x], { start, end }) {
    if (!(start >= 0 && start < end && end <= x.shape[0])) {
      throw new ShapeError(
        `slice: ${start} to ${end} is not within the first axis of ${shapeText(x)}`,
        `Give 0 <= start < end <= ${x.shape[0]}.`,
      );
    }
    return [end - start, ...x.shape.slice(1)];
  },
  flops: () => 0,
  cheap: true,
  forward(gpu, [x], { start }, y) {
    copyInto(gpu, x, y, y.size, start * (x.size / x.shape[0]), 0);
    return undefined;
  },
  gradient: ({ inputs: [x], options: { start } }, dy) => [embedOperator([dy], { start, length: x.shape[0] })],
});

/** The adjoint of a slice: zeros, with the given images in their place. */
export const embedOperator: Operator<readonly [x: Tensor], { start: number; length: number }> = defineOperator({
  name: "embed",
  shape: ([x], { length }) => [length, ...x.shape.slice(1)],
  flops: () => 0,
  forward(gpu, [x], { start }, y) {
    fillWith(gpu, y, 0);
    copyInto(gpu, x, y, x.size, 0, start * (x.size / x.shape[0]));
    return undefined;
  },
  gradient: ({ inputs: [x], options: { start } }, dy) => [slice(dy, start, start + x.shape[0])],
});

export const flipOperator = defineOperator<readonly [x: Tensor], object>({
  name: "flipHorizontal",
  shape: ([x]) => x.shape,
  flops: () => 0,
  cheap: true,
  forward(gpu, [x], _, y) {
    const width = x.shape[x.shape.length - 1];
    gpu.dispatch(flip, { bindings: { x, y }, params: { size: x.size, width }, invocations: x.size });
    return undefined;
  },
  gradient: (_, dy) => [flipHorizontal(dy)],
});

/** Joins tensors along the first axis, the only one there is: `axis` can be 0. */
export function concat(inputs: readonly Tensor[], axis = 0): Tensor {
  checkValue("concat: the tensors", inputs, [Array.isArray, "an array"]);
  checkValue("concat: the axis", axis, oneOf(0));
  return concatOperator(inputs, {});
}
/** Elements start to end (excluded) of the first axis, the only one there is: `axis` can be 0. */
export function slice(x: Tensor, start: number, end: number, axis = 0): Tensor {
  checkValue("slice: the start", start, whole(0));
  checkValue("slice: the end", end, whole(1));
  checkValue("slice: the axis", axis, oneOf(0));
  return sliceOperator([x], { start, end });
}
/** Mirrors the last axis. */
export const flipHorizontal = (x: Tensor): Tensor => flipOperator([x], {});
