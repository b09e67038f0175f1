// What an operator is: one record with its shape rule, forward and gradient side by side, and, where several kernels can do
// the work, a pure function from shapes and adapter to one of them, which `gpu.forced` and a tuning table override.
// defineOperator turns the record into the function that callers use and puts it on the tape.

import type { AdapterTraits, Gpu } from "../device/gpu.js";
import { keyOf } from "../tuning/table.js";
import { ArgumentError, DisposedError, GradientError, ShapeError } from "./errors.js";
import { type Shape, sizeOf, Tensor } from "./tensor.js";

export type Inputs = readonly (Tensor | undefined)[];

export interface GradientContext<I extends Inputs, O> {
  readonly gpu: Gpu;
  readonly inputs: I;
  readonly options: O;
  readonly output: Tensor;
  readonly saved: readonly Tensor[];
  /** Whether the gradient of input i is wanted. */
  needs(i: number): boolean;
}

export interface OperatorRecord<I extends Inputs, O> {
  readonly name: string;
  /** Shape of the output; throws a ShapeError that names the operator, the shapes and the mend. */
  shape(inputs: I, options: O): Shape;
  /** Fills `output`; what it returns is kept for the gradient and not visible to callers. */
  forward(gpu: Gpu, inputs: I, options: O, output: Tensor): readonly Tensor[] | undefined;
  /**
   * Set where the forward pass costs little beside a convolution. A recorded program then does not keep the output for the
   * backward pass but makes it again (see rematerialization.ts).
   */
  readonly cheap?: boolean;
  /** Fills `output` once more, given what forward kept; absent: forward does. */
  again?(gpu: Gpu, inputs: I, options: O, output: Tensor, saved: readonly Tensor[]): void;
  /** Gradients of the inputs, in their order, from that of the output. Absent: the operator cannot be differentiated. */
  gradient?(context: GradientContext<I, O>, dy: Tensor): readonly (Tensor | null | undefined)[];
  /** The inputs that hold integers (positions); all others hold floats. */
  readonly integers?: readonly number[];
  /**
   * Floating-point operations by the textbook's count (a multiply-add is two), whatever the kernel does; absent: one an
   * element of the output.
   */
  flops?(shapes: readonly (Shape | undefined)[], options: O, output: Shape): number;
  /** The kernels that can do the work; the first is the portable one. */
  readonly variants?: readonly string[];
  /** Which of them to take. Pure: shapes and adapter in, a name out. */
  choose?(shapes: readonly (Shape | undefined)[], options: O, adapter: AdapterTraits): string;
}

export interface Operator<I extends Inputs, O> {
  (inputs: I, options: O): Tensor;
  readonly record: OperatorRecord<I, O>;
}

// A bundler may drop an operator that nobody uses.
// @__NO_SIDE_EFFECTS__
export function defineOperator<I extends Inputs, O>(record: OperatorRecord<I, O>): Operator<I, O> {
  const operator = (inputs: I, options: O): Tensor => {
    const gpu = gpuOf(record, inputs);
    const shape = record.shape(inputs, options);
    const output = gpu.empty(shape);
    const saved = record.forward(gpu, inputs, options, output) ?? [];
    gpu.onOperator?.({ operator: record.name, ...costOf(record, inputs, options, shape) });
    if (gpu.gradEnabled && inputs.some((input) => input?.tracked)) {
      output.node = {
        operator: record.name,
        order: gpu.sequence++,
        inputs,
        output,
        saved,
        gradient(dy) {
          if (!record.gradient) {
            throw new GradientError(`${record.name} cannot be differentiated`, "Detach its inputs.");
          }
          const needs = (i: number) => inputs[i]?.tracked ?? false;
          return record.gradient({ gpu, inputs, options, output, saved, needs }, dy);
        },
      };
      gpu.recording?.recipes.add(output, inputs, record.cheap ?? false, () => {
        const twin = gpu.empty(shape);
        if (record.again) record.again(gpu, inputs, options, twin, saved);
        else for (const tensor of record.forward(gpu, inputs, options, twin) ?? []) tensor.dispose();
        return twin;
      });
    } else {
      for (const tensor of saved) tensor.dispose();
    }
    return output;
  };
  return Object.assign(operator, { record });
}

/** What an operator must do and move at the least: every input read once, the output written once. */
export interface Cost {
  flops: number;
  bytes: number;
}

/** The cost of one call, by which benchmarks rate kernels. */
export function costOf<I extends Inputs, O>(record: OperatorRecord<I, O>, inputs: I, options: O, output: Shape): Cost {
  const shapes = inputs.map((input) => input?.shape);
  const elements = shapes.reduce((sum, shape) => sum + (shape ? sizeOf(shape) : 0), sizeOf(output));
  return { flops: record.flops?.(shapes, options, output) ?? sizeOf(output), bytes: 4 * elements };
}

/** Of an operator's kernels those that an adapter can run: broadcasts need subgroups of a fixed size. */
export const runnableVariants = (variants: readonly string[], { subgroupSize }: AdapterTraits): string[] =>
  variants.filter((name) => subgroupSize >= 4 || !name.startsWith("broadcast"));

/** The kernel to use: the forced one, else the measured one, else the operator's choice. */
export function chooseVariant<I extends Inputs, O>(
  gpu: Gpu,
  record: OperatorRecord<I, O>,
  inputs: I,
  options: O,
): string {
  const forced = gpu.forced[record.name];
  if (forced !== undefined) {
    if (!record.variants?.includes(forced)) {
      throw new ArgumentError(
        `${record.name} has no kernel "${forced}"`,
        `It has: ${(record.variants ?? []).join(", ")}.`,
      );
    }
    return forced;
  }
  const shapes = inputs.map((input) => input?.shape);
  if (gpu.onChoice || gpu.tuning) {
    const settings = options as object;
    const key = keyOf(record.name, shapes, settings);
    gpu.onChoice?.({ operator: record.name, shapes, options: settings, key });
    const tuned = gpu.tuning?.choices[key];
    if (tuned !== undefined && runnableVariants(record.variants ?? [], gpu).includes(tuned)) return tuned;
  }
  return record.choose?.(shapes, options, gpu) ?? "default";
}

function gpuOf({ name, integers = [] }: { name: string; integers?: readonly number[] }, inputs: Inputs): Gpu {
  let gpu: Gpu | null = null;
  for (const [i, input] of inputs.entries()) {
    if (!input) continue;
    if (!(input instanceof Tensor))
      throw new ShapeError(`${name}: an input is not a tensor`, "Make one with gpu.tensor().");
    if (gpu && input.gpu !== gpu)
      throw new ShapeError(`${name}: the inputs are on different devices`, "Read one and upload it again.");
    if (input.disposed) throw new DisposedError(`${name}: an input of shape [${input.shape}] was disposed`);
    if (input.dtype === "i32" && !integers.includes(i)) {
      throw new ShapeError(`${name}: an input of shape [${input.shape}] holds i32`, "Give a tensor of f32.");
    }
    gpu = input.gpu;
  }
  if (!gpu) throw new ShapeError(`${name}: no input was given`, "Give at least one tensor.");
  return gpu;
}
