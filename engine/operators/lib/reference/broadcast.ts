// Broadcasting as PyTorch and NumPy define it: shapes are aligned at their last axis, and an axis of extent 1 (or one
// that is missing in front) is repeated. Its transpose sums the repeats. Both reductions and the elementwise
// operators rest on this pair.
import { ShapeError } from "../../../lib/errors.js";
import { type Dense, sizeOf, zeros } from "./dense.js";

/** The shape that both shapes broadcast to. Throws ShapeError, naming the operator, where there is none. */
export function broadcastShape(operator: string, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const extentA = a[a.length - rank + axis] ?? 1;
    const extentB = b[b.length - rank + axis] ?? 1;
    if (extentA !== extentB && extentA !== 1 && extentB !== 1) {
      throw new ShapeError(
        `${operator}: the shapes [${a}] and [${b}] do not broadcast.`,
        "Give axes that are equal, or 1, counted from the last.",
      );
    }
    return extentA === 1 ? extentB : extentA;
  });
}

/** x repeated to the given shape; x itself if it has that shape. */
export function broadcastTo(x: Dense, shape: readonly number[]): Dense {
  if (sizeOf(shape) === x.data.length) return { shape, data: x.data };
  const y = zeros(shape);
  const { outer, inner, innerStep, sources } = walk(x.shape, shape);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0, from = sources[o]; i < inner; i++, from += innerStep) y.data[at++] = x.data[from];
  }
  return y;
}

/** The transpose of `broadcastTo`: y summed to the given shape; y itself if it has that shape. */
export function sumTo(y: Dense, shape: readonly number[]): Dense {
  if (sizeOf(shape) === y.data.length) return { shape, data: y.data };
  const x = zeros(shape);
  const { outer, inner, innerStep, sources } = walk(shape, y.shape);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (let i = 0, to = sources[o]; i < inner; i++, to += innerStep) x.data[to] += y.data[at++];
  }
  return x;
}

/** Where each line of the large shape (along its last axis) starts in the small one, and the step along it there. */
function walk(small: readonly number[], large: readonly number[]) {
  const inner = large.at(-1) ?? 1;
  const outer = sizeOf(large) / Math.max(inner, 1);
  const sources = new Int32Array(outer);
  let stride = small.at(-1) ?? 1;
  let repeat = 1;
  for (let axis = large.length - 2; axis >= 0; axis--) {
    const extent = small[small.length - large.length + axis] ?? 1;
    if (extent > 1) {
      for (let o = 0; o < outer; o++) sources[o] += (Math.floor(o / repeat) % extent) * stride;
      stride *= extent;
    }
    repeat *= large[axis];
  }
  return { outer, inner, innerStep: (small.at(-1) ?? 1) === 1 ? 0 : 1, sources };
}
