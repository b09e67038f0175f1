// Fusion of elementwise operators in a recorded step: chains of them become one kernel (pointwise-kernel.ts), and what
// only the chain needs stays in registers.
// Limits: integers, and the sums before and after a chain, are left to their kernels.
import type { Gpu } from "../core/gpu.js";
import type { Dispatch, Fusion } from "../core/recorder.js";
import type { Storage } from "../device/storage.js";
import {
  isOperand,
  kernelOf,
  type Operand,
  type Operation,
  type Pointwise,
  type Shared,
  type StridedView,
  sharedKernel,
  type Value,
} from "./pointwise-kernel.js";

interface PointwiseFusion {
  /** The rules by which a dispatch is fused with those that made its operands. */
  rulesOf(later: Dispatch): Fusion[];
  /** The dispatch with the kernel that all dispatches of its text share. */
  settled(dispatch: Dispatch): Dispatch;
}

/** The fusion of a recording. */
export function pointwiseFusion(gpu: Gpu, shared: Shared): PointwiseFusion {
  const found = new WeakMap<Dispatch, Pointwise | null>();
  const fused = new WeakSet<Dispatch>();
  const workOf = (dispatch: Dispatch): Pointwise | null => {
    const known = found.get(dispatch);
    if (known !== undefined) return known;
    const work = pointwiseOf(dispatch, shared);
    found.set(dispatch, work);
    return work;
  };
  const merge: Fusion["merge"] = (earlier, later, _stored, isStored, between) => {
    const [before, work] = [workOf(earlier), workOf(later)];
    if (!before || !work || (between.length && lengthens(before, later, isStored))) return null;
    const both = merged(before, work, isStored);
    const dispatch = both && kernelOf(both, shared);
    if (!dispatch) return null;
    found.set(dispatch, both);
    fused.add(dispatch);
    return [dispatch];
  };
  return {
    rulesOf(later) {
      const work = workOf(later);
      const names = Object.keys(later.source.bindings);
      return [...(work ? operandsOf(work) : [])].map(({ storage }) => {
        return { input: names[later.storages.indexOf(storage)], merge };
      });
    },
    settled: (dispatch) =>
      fused.has(dispatch) ? { ...dispatch, source: sharedKernel(gpu, dispatch.source) } : dispatch,
  };
}

/** Memory that may be kept for longer to save a dispatch. */
const BYTES_PER_DISPATCH = 1 << 20;

/** Whether the work, done later, keeps tensors for longer that take more memory than those that it writes. */
function lengthens(work: Pointwise, later: Dispatch, isStored: (storage: Storage) => boolean): boolean {
  const kept = [...operandsOf(work)].filter(({ storage }) => !isStored(storage) && !later.storages.includes(storage));
  const bytesOf = (storages: readonly Storage[]) => storages.reduce((sum, { bytes }) => sum + bytes, 0);
  return bytesOf(kept.map(({ storage }) => storage)) > bytesOf([...work.outputs.keys()]) + BYTES_PER_DISPATCH;
}

/**
 * Both in one; null where memory would be read and written, and where their sizes differ, unless the earlier one only
 * moves what the later one reads, and what it makes is not stored.
 */
function merged(earlier: Pointwise, later: Pointwise, isStored: (storage: Storage) => boolean): Pointwise | null {
  const first = [...earlier.outputs].filter(([storage]) => isStored(storage));
  if (earlier.vec4s !== later.vec4s && first.length) return null;
  const replaced = new Map<Value, Value>();
  const read = [...operandsOf(earlier)];
  const replace = (value: Value): Value => {
    if (isOperand(value)) {
      const made = earlier.outputs.get(value.storage);
      const source = made && (value.views.length ? seenThrough(value.views, made) : made);
      if (source && !isOperand(source)) return source;
      const operand = source ?? value;
      const known = read.find((one) => sameOperand(one, operand));
      if (!known) read.push(operand);
      return known ?? operand;
    }
    const known = replaced.get(value) ?? { ...value, operands: value.operands.map(replace) };
    replaced.set(value, known);
    return known;
  };
  const last = [...later.outputs].map(([storage, value]) => [storage, replace(value)] as const);
  const written = [...earlier.outputs.keys(), ...later.outputs.keys()].map(({ root }) => root);
  if (new Set(written).size < written.length) return null;
  const both = { vec4s: later.vec4s, outputs: new Map([...first, ...last]) };
  return [...operandsOf(both)].some(({ storage }) => written.includes(storage.root)) ? null : both;
}

/** A value through the views of an operand that reads it; undefined if it is computed for each element. */
function seenThrough(views: readonly StridedView[], value: Value): Value | undefined {
  if (isOperand(value)) return { storage: value.storage, views: [...views, ...value.views] };
  return value.kernel === "fill" ? value : undefined;
}

const sameOperand = (one: Operand, other: Operand) =>
  one.storage === other.storage && JSON.stringify(one.views) === JSON.stringify(other.views);

/** The tensors that are read, each once for every way of reading it. */
function operandsOf({ outputs }: Pointwise): Set<Operand> {
  const found = new Set<Operand>();
  const seen = new Set<Value>();
  const visit = (value: Value) => {
    if (seen.has(value)) return;
    seen.add(value);
    if (isOperand(value)) found.add(value);
    else value.operands.forEach(visit);
  };
  [...outputs.values()].forEach(visit);
  return found;
}

/** What a dispatch of an elementwise kernel computes; null for other kernels. */
function pointwiseOf({ source, constants, storages, params }: Dispatch, { mergeAxes }: Shared): Pointwise | null {
  const { name, custom, ops = {} } = source;
  const op = Number(constants["OP"] ?? 0);
  const label =
    Object.keys(ops)
      .find((key) => ops[key] === op)
      ?.toLowerCase() ?? name;
  const call = (kernel: Operation["kernel"], operands: readonly Value[], scalars: readonly number[]): Operation => ({
    kernel,
    op,
    label,
    operands,
    scalars,
  });
  const [x, other] = storages;
  const y = storages[storages.length - 1];
  const whole = new Map(storages.map((storage): [Storage, Operand] => [storage, { storage, views: [] }]));
  const same = (storage: Storage) => whole.get(storage) as Operand;
  const { vec4s, rows, n0, a, b, slope, factor, value, source: from = 0, sink = 0 } = params;
  const strided = (storage: Storage, stride: string, offset = from): Operand => {
    // The kernels have four axes or six; the slowest is what is left of the rows.
    const inner = [0, 1, 2, 3, 4].map((axis) => params[`n${axis}`]).filter((n) => n !== undefined);
    const sizes = [...inner, rows / inner.slice(1).reduce((product, n) => product * n)];
    const strides = sizes.map((_, axis) => params[`${stride}${axis}`]);
    const {
      n,
      strides: [along],
    } = mergeAxes(sizes.reverse(), [strides.reverse()]);
    const axes = n.map((size, axis) => ({ n: size, stride: along[axis] }));
    if (axes.length === 0 && offset > 0) axes.push({ n: 1, stride: 0 });
    const contiguous = offset === 0 && axes.length < 2 && axes.every((axis) => axis.stride === 1);
    return { storage, views: contiguous ? [] : [{ axes, offset }] };
  };
  /** Whether a copy sets all of y, in order, and no number beyond: y has whole vec4s. */
  const fills = () =>
    !constants["ACCUMULATE"] &&
    sink === 0 &&
    !strided(y, "t", 0).views.length &&
    rows * n0 * (y.half ? 2 : 4) === y.bytes;
  const read = (): Value | null => {
    if (custom) return null;
    if (name === "fill") return call(name, [], [value]);
    if (name === "unary" || name === "elementary") return call(name, [same(x)], [a, b]);
    if (name === "binary") return call(name, [same(x), same(other)], [slope]);
    if (name === "binary_broadcast") return call("binary", [strided(x, "a"), strided(other, "b")], [0]);
    if (name === "strided_copy") return fills() ? strided(x, "s") : null;
    if (name !== "expand") return null;
    return factor === 1 ? strided(x, "s") : call(name, [strided(x, "s")], [factor]);
  };
  const computed = read();
  if (!computed) return null;
  return { vec4s: vec4s ?? Math.ceil((rows * n0) / 4), outputs: new Map([[y, computed]]) };
}
