// Operators. Each is defined by one record: its shape rule, its forward pass and its gradient side by side. If there
// are several ways to compute it (variants), a pure function chooses one from shapes and adapter, which a forced
// variant or a tuning table overrides. defineOperator turns the record into the function that callers use, which
// records its calls on the tape.
import type { AdapterTraits } from "../device/adapter.js";
import { elementBytes } from "../lib/elements.js";
import { DisposedError, GradientError, ShapeError } from "../lib/errors.js";
import { type Shape, sizeOf } from "../lib/shapes.js";
import type { Gpu } from "./gpu.js";
import type { BackwardPass } from "./tape.js";
import { type Dtype, Tensor } from "./tensor.js";

export type Inputs = readonly (Tensor | undefined)[];

/** Existing tensors to write results to. They get no tape node. */
export interface Results {
  /** The tensor to which an operator that `accumulates` adds its output, and which it returns; others ignore it. */
  accumulateInto?: Tensor;
  /** The tensor for an operator's second output, which is added to it if there is `accumulateInto`. */
  second?: Tensor;
}

/**
 * Computes `output`, or adds to it if `accumulate` is set (only for a record that `accumulates`). The tensors that it
 * returns are saved for the gradient and not visible to callers.
 */
export type Forward<I extends Inputs, O> = (
  gpu: Gpu,
  inputs: I,
  options: O,
  output: Tensor,
  results: { accumulate: boolean; second?: Tensor },
) => readonly Tensor[] | undefined;

export interface GradientContext<I extends Inputs, O> extends BackwardPass {
  readonly gpu: Gpu;
  readonly inputs: I;
  readonly options: O;
  readonly output: Tensor;
  readonly saved: readonly Tensor[];
}

interface OperatorBase<I extends Inputs, O> {
  readonly name: string;
  /** Shape of the output; throws a ShapeError that names the operator, the shapes and how to fix it. */
  shape(inputs: I, options: O): Shape;
  /**
   * Set if the forward pass costs little compared with a convolution. A recorded program then recomputes the output in
   * the backward pass instead of keeping it (see engine/program/rematerialization.ts).
   */
  readonly cheap?: boolean;
  /**
   * Returns a view of an input as the output, or null. Called only while recording, on inputs that are never written
   * again.
   */
  view?(inputs: I, options: O): Tensor | null;
  /** Whether it can add its output to an existing tensor instead of making a new one. */
  readonly accumulates?: boolean;
  /** Recomputes `output`, given the tensors that forward saved. If absent, forward is called again. */
  recompute?(gpu: Gpu, inputs: I, options: O, output: Tensor, saved: readonly Tensor[]): void;
  /** Gradients of the inputs, in order, given that of the output. If absent, the operator cannot be differentiated. */
  gradient?(context: GradientContext<I, O>, dy: Tensor): readonly (Tensor | null | undefined)[];
  /** The inputs that a caller may leave out, such as a bias; all others must be tensors. */
  readonly optional?: readonly number[];
  /** The inputs that may hold integers, such as positions; all others hold floats. */
  readonly integers?: readonly number[] | "all";
  /**
   * The output's dtype. If absent or undefined: f16 if an input is f16, else f32. Sums and gradients of weights are
   * "f32".
   */
  dtype?(inputs: I, options: O): Dtype | undefined;
  /**
   * Nominal floating-point operations, of the direct algorithm whatever the kernel does; a multiply-add is two. If
   * absent, one per element of the output.
   */
  flops?(shapes: readonly (Shape | undefined)[], options: O, output: Shape): number;
  /** By index, how many elements it reads of inputs of which it may not need all, such as gather's. */
  reads?(
    shapes: readonly (Shape | undefined)[],
    options: O,
    output: Shape,
  ): { readonly [input: number]: number | undefined };
}

/** An operator without variants. */
interface SingleForward<I extends Inputs, O> {
  readonly forward: Forward<I, O>;
  readonly variants?: undefined;
  readonly choose?: undefined;
  readonly applies?: undefined;
}

/** An operator with several implementations by name; the first is the portable one. */
interface Variants<I extends Inputs, O, V extends string> {
  readonly forward?: undefined;
  readonly variants: { readonly [name in V]: Forward<I, O> };
  /** Chooses a variant. A pure function of shapes, options and adapter. */
  choose(shapes: readonly (Shape | undefined)[], options: O, adapter: AdapterTraits): NoInfer<V>;
  /**
   * Whether a variant's kernels can compute a call; if absent, all can. Where a forced or measured one's cannot,
   * `choose` decides. A pure function, too.
   */
  applies?(variant: NoInfer<V>, shapes: readonly (Shape | undefined)[], options: O, adapter: AdapterTraits): boolean;
}

export type OperatorRecord<I extends Inputs, O, V extends string = string> = OperatorBase<I, O> &
  (SingleForward<I, O> | Variants<I, O, V>);

export interface Operator<I extends Inputs, O, V extends string = string> {
  (inputs: I, options: O, results?: Results): Tensor;
  readonly record: OperatorRecord<I, O, V>;
}

/**
 * An operator from its record: a function of inputs, in an array, and options, which is recorded on the tape. It throws
 * a ShapeError for inputs that are missing (but `optional` ones) or not tensors of one device, and what the record's
 * `shape` throws.
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
// Lets bundlers drop unused operators.
// @__NO_SIDE_EFFECTS__
export function defineOperator<I extends Inputs, O, V extends string = string>(
  record: OperatorRecord<I, O, V>,
): Operator<I, O, V> {
  const operator = (inputs: I, options: O, { accumulateInto, second }: Results = {}): Tensor => {
    const gpu = gpuOf(record, inputs);
    const shape = record.shape(inputs, options);
    const forward = record.forward ?? record.variants[chooseVariant(gpu, record, inputs, options)];
    const make = () => gpu.empty(shape, record.dtype?.(inputs, options) ?? floatOf(inputs));
    const sum = record.accumulates ? accumulateInto : undefined;
    const virtual = inputs.every((input) => input?.storage.virtual);
    const view = !sum && virtual ? record.view?.(inputs, options) : null;
    const output = sum ?? view ?? make();
    let saved: readonly Tensor[] = [];
    try {
      if (!view) saved = forward(gpu, inputs, options, output, { accumulate: sum !== undefined, second }) ?? saved;
    } catch (error) {
      if (!sum) output.dispose();
      throw error;
    }
    if (gpu.observers.any) {
      const cost = costOf(record, inputs, options, output);
      gpu.observers.tell("onOperator", { operator: record.name, ...cost }, output);
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
      gradient(dy, pass) {
        if (!record.gradient) {
          throw new GradientError(`${record.name} cannot be differentiated`, "Detach its inputs.");
        }
        return record.gradient({ gpu, inputs, options, output, saved, ...pass }, dy);
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

/**
 * The dtype of operators that take all integers or all floats: i32, or undefined. Throws a ShapeError for a mixture.
 */
export function unmixed(name: string, inputs: readonly Tensor[]): "i32" | undefined {
  const [first] = inputs;
  const other = inputs.find(({ dtype }) => (dtype === "i32") !== (first.dtype === "i32"));
  if (other) {
    const both = [first, other].map((x) => `${x.dtype} [${x.shape}]`).join(" and ");
    throw new ShapeError(`${name}: ${both} do not mix`, "Use cast() on one of them.");
  }
  return first?.dtype === "i32" ? "i32" : undefined;
}

/** The float dtype of results of these inputs. */
export const floatOf = (inputs: Inputs): Dtype => (inputs.some((input) => input?.dtype === "f16") ? "f16" : "f32");

/**
 * The least that an operator must compute and move: nominal operations; what it needs of every input read once, the
 * output written once.
 */
export interface Cost {
  flops: number;
  bytes: number;
}

/** The cost of one call, by which benchmarks rate kernels. */
export function costOf<I extends Inputs, O>(
  { flops, reads }: Pick<OperatorBase<I, O>, "flops" | "reads">,
  inputs: I,
  options: O,
  output: Pick<Tensor, "dtype" | "shape">,
): Cost {
  const shapes = inputs.map((input) => input?.shape);
  const some = reads?.(shapes, options, output.shape) ?? {};
  const bytes = inputs.reduce(
    (sum, input, i) => sum + (input ? elementBytes(input.dtype) * Math.min(input.size, some[i] ?? input.size) : 0),
    elementBytes(output.dtype) * sizeOf(output.shape),
  );
  return { flops: flops?.(shapes, options, output.shape) ?? sizeOf(output.shape), bytes };
}

/** The variant to use: the forced one, else the measured one, each where it applies, else the operator's choice. */
export function chooseVariant<I extends Inputs, O, V extends string>(
  gpu: Gpu,
  { name, variants, choose, applies }: OperatorRecord<I, O, V>,
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
    applies: (variant) => applies?.(variant as V, shapes, options, gpu) ?? true,
    rule: () => choose?.(shapes, options, gpu) ?? "default",
  });
  return chosen as V;
}

/** The engine of the inputs; throws unless they are tensors of one, each of a dtype that the operator takes. */
export function gpuOf(
  { name, optional, integers = [] }: Pick<OperatorBase<Inputs, never>, "name" | "optional" | "integers">,
  inputs: Inputs,
): Gpu {
  const missing = (i: number) => new ShapeError(`${name}: input ${i} is no tensor`, "Make one with gpu.tensor().");
  let gpu: Gpu | null = null;
  for (const [i, input] of inputs.entries()) {
    if (!input && optional?.includes(i)) continue;
    if (!(input instanceof Tensor)) throw missing(i);
    if (gpu && input.gpu !== gpu)
      throw new ShapeError(`${name}: the inputs are on different devices`, "Read one and upload it again.");
    if (input.disposed) throw new DisposedError(`${name}: an input of shape [${input.shape}] was disposed`);
    if (input.dtype === "i32" && integers !== "all" && !integers.includes(i)) {
      throw new ShapeError(`${name}: an input of shape [${input.shape}] holds i32`, "Give a tensor of f32.");
    }
    gpu = input.gpu;
  }
  if (!gpu) throw missing(0);
  return gpu;
}
