// Copies between strided views of two tensors, and fills, as functions that run a kernel: for this family and others.
import { fill, strided_copy } from "../../../shaders/generated.js";
import type { Gpu } from "../../core/gpu.js";
import type { Tensor } from "../../core/tensor.js";
import { mergeAxes, type View, within } from "../lib/views.js";

/** Neighbours per invocation: a CPU prefers long loops, a GPU many invocations. */
const PER_THREAD = { software: 8, gpu: 1 } as const;
/** Numbers of axes that the kernel is compiled for. */
const AXES = [1, 2, 3, 6];

/** Sets every element of y, of floats or integers. */
export function fillWith(gpu: Gpu, y: Tensor, value: number): void {
  const vec4s = Math.ceil(y.size / 4);
  const [bits] = new Uint32Array((y.dtype === "i32" ? Int32Array : Float32Array).of(value).buffer);
  gpu.dispatch(fill, { bindings: { y }, params: { vec4s, value: bits }, invocations: vec4s });
}

/**
 * Copies the elements of one view of x into another of y, or adds them to it; both have the same shape. Where they have
 * more axes than the kernel, each element of the first is a copy of its own.
 */
export function copyStrided(gpu: Gpu, x: Tensor, from: View, y: Tensor, to: View, ACCUMULATE = false): void {
  const { n, strides } = mergeAxes(from.shape, [from.strides, to.strides]);
  const axes = AXES.find((max) => n.length <= max);
  if (axes === undefined) {
    for (let i = 0; i < from.shape[0]; i++) copyStrided(gpu, x, within(from, i), y, within(to, i), ACCUMULATE);
    return;
  }
  const [n0 = 1, n1 = 1, n2 = 1, n3 = 1, n4 = 1, n5 = 1] = n;
  const [[s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0], [t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0, t5 = 0]] = strides;
  const rows = n1 * n2 * n3 * n4 * n5;
  const geometry = { n0, n1, n2, n3, n4, s0, s1, s2, s3, s4, s5, t0, t1, t2, t3, t4, t5 };
  gpu.dispatch(strided_copy, {
    bindings: { x, y },
    params: Object.assign(geometry, { source: from.offset, sink: to.offset, rows }),
    invocations: rows * Math.ceil(n0 / PER_THREAD[gpu.profile]),
    constants: { AXES: axes, PER_THREAD: PER_THREAD[gpu.profile], ACCUMULATE },
  });
}

/** Copies `size` elements of x, beginning at index `from`, to the start of y, in flat order. */
export function copyInto(gpu: Gpu, x: Tensor, y: Tensor, size: number, from = 0): void {
  const flat = (offset: number): View => ({ shape: [size], strides: [1], offset });
  copyStrided(gpu, x, flat(from), y, flat(0));
}
