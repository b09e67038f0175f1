// What an operator is: one record with its shape rule, the ways to compute it and its gradient side by side, and, where
// there are several ways (variants), a pure function from shapes and adapter to one of them, which a forced variant and
// a tuning table override. defineOperator turns the record into the function that callers use and puts it on the tape.
import type { AdapterTraits } from "../device/adapter.js";
import type { Gpu } from "../device/gpu.js";
import { elementBytes } from "./elements.js";
import { DisposedError, GradientError, ShapeError } from "./errors.js";
import { type Shape, sizeOf } from "./shapes.js";
import { type Dtype, Tensor } from "./tensor.js";

export type Inputs = readonly (Tensor | undefined)[];

/** Where results go that are no new tensors. They are off the tape. */
export interface Results {
  /** A tensor that an operator which accumulates adds its output to, and returns; others ignore it. */
  into?: Tensor;
  /** What an operator with a second result fills with it, or adds it to if there is `into`. */
  beside?: Tensor;
}

/**
 * Fills `output`, or adds to it where the record `accumulates` and it is asked to; what it returns is kept for the
 * gradient and not visible to callers.
 */
export type Forward<I extends Inputs, O> = (
  gpu: Gpu,
  inputs: I,
  options: O,
  output: Tensor,
  results: { accumulate: boolean; beside?: Tensor },
) => readonly Tensor[] | undefined;

export interface GradientContext<I extends Inputs, O> {
  readonly gpu: Gpu;
  readonly inputs: I;
  readonly options: O;
  readonly output: Tensor;
  readonly saved: readonly Tensor[];
  /** Whether the gradient of input i is wanted. */
  needs(i: number): boolean;
  /**
   * The gradient that input i has so far, where no one else uses its memory. An operator that accumulates can be told
   * to add to it, and what it then returns is it.
   */
  into(i: number): Tensor | undefined;
}

interface OperatorBase<I extends Inputs, O> {
  readonly name: string;
  /** Shape of the output; throws a ShapeError that names the operator, the shapes and the mend. */
  shape(inputs: I, options: O): Shape;
  /**
   * Set where the forward pass costs little beside a convolution. A recorded program then does not keep the output for
   * the backward pass but computes it once more (see engine/program/rematerialization.ts).
   */
  readonly cheap?: boolean;
  /**
   * The output as a part of an input's memory, or null if that cannot be. Asked in recordings, of inputs that are made
   * in them and hence never written to again.
   */
  view?(inputs: I, options: O): Tensor | null;
  /** Whether it can add to a tensor of the output's shape in the place of making one. */
  readonly accumulates?: boolean;
  /** Fills `output` once more, given what forward kept; absent: forward does. */
  recompute?(gpu: Gpu, inputs: I, options: O, output: Tensor, saved: readonly Tensor[]): void;
  /**
   * Gradients of the inputs, in their order, from that of the output. Absent: the operator cannot be differentiated.
   */
  gradient?(context: GradientContext<I, O>, dy: Tensor): readonly (Tensor | null | undefined)[];
  /** The inputs that may hold integers, such as positions; all others hold floats. */
  readonly integers?: readonly number[] | "all";
  /**
   * What the output holds; absent or undefined: f16 where an input is f16, else f32. "f32" for what sums up or is
   * precious.
   */
  dtype?(inputs: I, options: O): Dtype | undefined;
  /**
   * Nominal floating-point operations: by the direct algorithm, whatever the kernel does (a multiply-add is two);
   * absent: one per element of the output.
   */
  flops?(shapes: readonly (Shape | undefined)[], options: O, output: Shape): number;
}

/** An operator that is computed in one way. */
interface SingleForward<I extends Inputs, O> {
  readonly forward: Forward<I, O>;
  readonly variants?: undefined;
  readonly choose?: undefined;
}

/** An operator that several kernels can compute, each under a name; the first is the portable one. */
interface Variants<I extends Inputs, O, V extends string> {
  readonly forward?: undefined;
  readonly variants: { readonly [name in V]: Forward<I, O> };
  /** Which of them to take. Pure: shapes and adapter in, a name out. */
  choose(shapes: readonly (Shape | undefined)[], options: O, adapter: AdapterTraits): NoInfer<V>;
}

export type OperatorRecord<I extends Inputs, O, V extends string = string> = OperatorBase<I, O> &
  (SingleForward<I, O> | Variants<I, O, V>);

export interface Operator<I extends Inputs, O, V extends string = string> {
  (inputs: I, options: O, results?: Results): Tensor;
  readonly record: OperatorRecord<I, O, V>;
}

/**
 * An operator from its record: a function of inputs, in an array, and options, whose results are on the tape. It throws
 * a ShapeError for inputs that are no tensors of one device, and what the record's `shape` throws.
 *
 * @example
 * ```ts
 * const rounded = defineOperator<readonly [x: Tensor], object>({
 *   name: "rounded",
 *   shape: ([x]) => x.shape,
 *   forward(gpu, [x], _options, y) {
 *     gpu.scope(() => gpu.noGrad(() => y.copyFrom(cast(cast(add(x, 0.5), "i32"), "f32"))));
 *     return undefined;
 *   },
 *   gradient: (_context, dy) => [dy], // straight through
 * });
 * const x = gpu.tensor([1.25, 2.75]).requireGrad();
 * const y = rounded([x], {});
 * console.log(await y.read(), await grad(sum(y), [x])[0].read()); // 1,3 1,1
 * ```
 */
// A bundler may drop an operator that nobody uses.
// @__NO_SIDE_EFFECTS__
export function defineOperator<I extends Inputs, O, V extends string = string>(
  record: OperatorRecord<I, O, V>,
): Operator<I, O, V> {
  const operator = (inputs: I, options: O, { into, beside }: Results = {}): Tensor => {
    const gpu = gpuOf(record, inputs);
    const shape = record.shape(inputs, options);
    const forward = record.forward ?? record.variants[chooseVariant(gpu, record, inputs, options)];
    const make = () => gpu.empty(shape, record.dtype?.(inputs, options) ?? floatOf(inputs));
    const sum = record.accumulates ? into : undefined;
    const made = inputs.every((input) => input?.storage.virtual);
    const view = !sum && made ? record.view?.(inputs, options) : null;
    const output = sum ?? view ?? make();
    const kept = view ? [] : forward(gpu, inputs, options, output, { accumulate: sum !== undefined, beside });
    const saved = kept ?? [];
    if (gpu.observers.any) {
      gpu.observers.operator({ operator: record.name, ...costOf(record, inputs, options, output) }, output);
    }
    if (!gpu.tape.wants(inputs)) {
      for (const tensor of saved) tensor.dispose();
      return output;
    }
    gpu.tape.add({
      operator: record.name,
      inputs,
      output,
      saved,
      gradient(dy, into) {
        if (!record.gradient) {
          throw new GradientError(`${record.name} cannot be differentiated`, "Detach its inputs.");
        }
        const needs = (i: number) => inputs[i]?.tracked ?? false;
        return record.gradient({ gpu, inputs, options, output, saved, needs, into }, dy);
      },
    });
    gpu.recorder?.recomputable(output, inputs, record.cheap ?? false, () => {
      const copy = make();
      if (record.recompute) record.recompute(gpu, inputs, options, copy, saved);
      else for (const tensor of forward(gpu, inputs, options, copy, { accumulate: false }) ?? []) tensor.dispose();
      return copy;
    });
    return output;
  };
  return Object.assign(operator, { record });
}

/** What operators of integers or of floats make of either: i32, or undefined. Throws a ShapeError for a mixture. */
export function unmixed(name: string, inputs: readonly Tensor[]): "i32" | undefined {
  const [first] = inputs;
  const other = inputs.find(({ dtype }) => (dtype === "i32") !== (first.dtype === "i32"));
  if (other) {
    const both = [first, other].map((x) => `${x.dtype} [${x.shape}]`).join(" and ");
    throw new ShapeError(`${name}: ${both} do not mix`, "Use cast() on one of them.");
  }
  return first?.dtype === "i32" ? "i32" : undefined;
}

/** The float that results of these inputs are stored as. */
export const floatOf = (inputs: Inputs): Dtype => (inputs.some((input) => input?.dtype === "f16") ? "f16" : "f32");

/**
 * What an operator must do and move at the least: nominal operations; every input read once, the output written once.
 */
export interface Cost {
  flops: number;
  bytes: number;
}

/** The cost of one call, by which benchmarks rate kernels. */
export function costOf<I extends Inputs, O>(
  { flops }: Pick<OperatorBase<I, O>, "flops">,
  inputs: I,
  options: O,
  output: Pick<Tensor, "dtype" | "shape">,
): Cost {
  const shapes = inputs.map((input) => input?.shape);
  const read = inputs.reduce((sum, input) => sum + (input ? elementBytes(input.dtype) * sizeOf(input.shape) : 0), 0);
  const bytes = read + elementBytes(output.dtype) * sizeOf(output.shape);
  return { flops: flops?.(shapes, options, output.shape) ?? sizeOf(output.shape), bytes };
}

/** The variant to use: the forced one, else the measured one, else the operator's choice. */
export function chooseVariant<I extends Inputs, O, V extends string>(
  gpu: Gpu,
  { name, variants, choose }: OperatorRecord<I, O, V>,
  inputs: I,
  options: O,
): V {
  const shapes = inputs.map((input) => input?.shape);
  const chosen = gpu.variants.choose({
    operator: name,
    variants: Object.keys(variants ?? {}),
    shapes,
    inputs,
    options: options as object,
    rule: () => choose?.(shapes, options, gpu) ?? "default",
  });
  return chosen as V;
}

function gpuOf({ name, integers = [] }: { name: string; integers?: readonly number[] | "all" }, inputs: Inputs): Gpu {
  let gpu: Gpu | null = null;
  for (const [i, input] of inputs.entries()) {
    if (!input) continue;
    if (!(input instanceof Tensor))
      throw new ShapeError(`${name}: an input is not a tensor`, "Make one with gpu.tensor().");
    if (gpu && input.gpu !== gpu)
      throw new ShapeError(`${name}: the inputs are on different devices`, "Read one and upload it again.");
    if (input.disposed) throw new DisposedError(`${name}: an input of shape [${input.shape}] was disposed`);
    if (input.dtype === "i32" && integers !== "all" && !integers.includes(i)) {
      throw new ShapeError(`${name}: an input of shape [${input.shape}] holds i32`, "Give a tensor of f32.");
    }
    gpu = input.gpu;
  }
  if (!gpu) throw new ShapeError(`${name}: no input was given`, "Give at least one tensor.");
  return gpu;
}
