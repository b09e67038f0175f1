// The backward pass (reverse-mode differentiation of the tape). A node holds its inputs and a function from the
// output's gradient to the inputs' gradients, which is itself made of operators, so that with `createGraph` a gradient
// can be differentiated again. The backward pass frees cotangents and saved tensors as soon as the last node that needs
// them is done. Forward and gradient of each operator stand side by side in engine/operators.

import { reshape } from "./core/reshape.js";
import type { BackwardPass, TapeNode } from "./core/tape.js";
import type { Tensor } from "./core/tensor.js";
import { checkOptions, checkValue, flag, tensor } from "./lib/check-options.js";
import { GradientError, ShapeError } from "./lib/errors.js";
import { sameShape } from "./lib/shapes.js";
import { add } from "./operators/pointwise/index.js";

export interface GradOptions {
  /** The cotangent of the output (PyTorch's `gradient`); by default 1, for an output of one element. */
  dy?: Tensor;
  /** Records the gradients on the tape too, so that they can be differentiated. The tape is then kept. */
  createGraph?: boolean;
}

/** The options of grad. */
export interface InputGradOptions extends GradOptions {
  /** Returns zeros for inputs that the output does not depend on, instead of throwing. */
  allowUnused?: boolean;
}

const GRAD_OPTIONS = { dy: tensor, createGraph: flag };

/**
 * Gradients of `output` with respect to `inputs`, in their order. Throws a GradientError for an input that was not
 * marked by requireGrad() before its use, or that the output does not depend on, unless `allowUnused`.
 *
 * @example
 * ```ts
 * import { grad, openGpu, square, sum } from "cutgpu";
 *
 * const gpu = await openGpu();
 * const x = gpu.tensor([1, 2, 3]).requireGrad();
 * const [dx] = grad(sum(square(x)), [x]);
 * console.log(await dx.read()); // 2,4,6
 * gpu.dispose();
 * ```
 */
export function grad<const I extends readonly Tensor[]>(
  output: Tensor,
  inputs: I,
  options: InputGradOptions = {},
): { -readonly [K in keyof I]: Tensor } {
  checkValue("grad: the output", output, tensor);
  checkValue("grad: the inputs", inputs, [Array.isArray, "an array of tensors"]);
  checkOptions("grad", options, { ...GRAD_OPTIONS, allowUnused: flag });
  for (const [i, input] of inputs.entries()) checkValue(`grad: input ${i}`, input, tensor);
  const { gpu } = output;
  const nodes = nodesBelow(output);
  if (!options.allowUnused) {
    const used = new Set(nodes.flatMap((node) => node.inputs)).add(output);
    for (const [i, input] of inputs.entries()) checkUsed(i, input, used);
  }
  // Of an input that requires no gradient the tape has only some uses.
  const wanted = inputs.filter(({ tracked }) => tracked);
  const found = runBackward(output, nodes, new Set(wanted), options);
  const gradients = inputs.map((input) => found.get(input) ?? gpu.tensor(new Float32Array(input.size), input.shape));
  return gradients as { -readonly [K in keyof I]: Tensor };
}

function checkUsed(i: number, input: Tensor, used: ReadonlySet<Tensor | undefined>): void {
  if (input.tracked && used.has(input)) return;
  const [why, fix] = input.tracked
    ? [
        "is not on the tape of the output",
        "Compute the output from it after requireGrad(), outside of noGrad(), and dispose nothing in between",
      ]
    : ["does not require a gradient", "Call requireGrad() on it before it is used"];
  throw new GradientError(
    `grad: input ${i} of shape [${input.shape}] ${why}`,
    `${fix}, or give { allowUnused: true }.`,
  );
}

/**
 * PyTorch's backward(): adds the gradient of `output` to `.grad` of every leaf that requires it.
 *
 * @example
 * ```ts
 * const x = gpu.tensor([1, 2]).requireGrad();
 * backward(sum(square(x)));
 * console.log(await x.grad?.read()); // 2, 4
 * ```
 */
export function backward(output: Tensor, options: GradOptions = {}): void {
  checkValue("backward: the output", output, tensor);
  checkOptions("backward", options, GRAD_OPTIONS);
  if (!output.tracked) {
    throw new GradientError(
      `backward: nothing that the output of shape [${output.shape}] was computed from requires a gradient`,
      "Call requireGrad() on the leaves before they are used, and compute the output outside of noGrad().",
    );
  }
  const leaves = new Set<Tensor>();
  const nodes = nodesBelow(output);
  for (const node of nodes) {
    for (const input of node.inputs) if (input?.requiresGrad) leaves.add(input);
  }
  if (output.requiresGrad) leaves.add(output);
  const { gpu } = output;
  for (const [leaf, gradient] of runBackward(output, nodes, leaves, options)) {
    const before = leaf.grad;
    leaf.grad = before ? gpu.noGrad(() => add(before, gradient)) : gradient;
    if (before) {
      before.dispose();
      gradient.dispose();
    }
  }
}

/** Throws a GradientError for a tensor whose part of the tape is gone: no gradient would pass through it. */
function checkKept({ node, shape }: Tensor): void {
  if (node !== undefined) return;
  throw new GradientError(
    `backward: a result of shape [${shape}] on the way was disposed`,
    "Take the gradient in the scope in which the output is computed, or return what is in between.",
  );
}

/**
 * The nodes that `output` depends on, in the order of the backward pass. A node comes after all nodes that used its
 * output, and as late as possible: right before the first node that produced one of its inputs, so that gradients live
 * only briefly.
 */
function nodesBelow(output: Tensor): TapeNode[] {
  checkKept(output);
  const seen = new Set<TapeNode>();
  const stack = output.node ? [output.node] : [];
  while (stack.length) {
    const node = stack.pop() as TapeNode;
    if (seen.has(node)) continue;
    seen.add(node);
    for (const input of node.inputs) if (input?.node) stack.push(input.node);
  }
  // Outputs are made after inputs, so every node that used this node's output is due before this one.
  const due = (node: TapeNode) => node.inputs.reduce((latest, input) => Math.max(latest, input?.node?.order ?? -1), -1);
  return [...seen]
    .map((node) => ({ node, due: due(node) }))
    .sort((a, b) => b.due - a.due || a.node.order - b.node.order)
    .map(({ node }) => node);
}

/** Which tensors are wanted, or were computed from one that is: the others' gradients are not computed. */
function neededBy(nodes: readonly TapeNode[], wanted: ReadonlySet<Tensor>): (tensor: Tensor | undefined) => boolean {
  const needed = new Set(wanted);
  // What a disposed result was computed from is not known.
  const isNeeded = (tensor: Tensor | undefined) => !!tensor && (needed.has(tensor) || tensor.node === undefined);
  const inOrder = nodes.toSorted((a, b) => a.order - b.order);
  for (const { inputs, output } of inOrder) if (inputs.some(isNeeded)) needed.add(output);
  return isNeeded;
}

function runBackward(
  output: Tensor,
  nodes: readonly TapeNode[],
  wanted: ReadonlySet<Tensor>,
  options: GradOptions,
): Map<Tensor, Tensor> {
  const { gpu } = output;
  const { createGraph = false } = options;
  if (!options.dy && output.size !== 1) {
    throw new ShapeError(`backward: the output has shape [${output.shape}]`, "Reduce it to one number or give dy.");
  }
  if (options.dy && !sameShape(options.dy.shape, output.shape)) {
    throw new ShapeError(
      `backward: dy has shape [${options.dy.shape}] and the output [${output.shape}]`,
      "Give dy the shape of the output.",
    );
  }
  const cotangents = new Cotangents(wanted, createGraph ? "all" : options.dy);
  const isNeeded = neededBy(nodes, wanted);
  const work = () => {
    if (isNeeded(output)) cotangents.add(output, options.dy ?? gpu.tensor(new Float32Array([1]), output.shape));
    for (const node of nodes) {
      const dy = node.inputs.some(isNeeded) && cotangents.take(node.output);
      if (dy) {
        if (node.saved.some((tensor) => tensor.disposed)) {
          throw new GradientError(`backward: the tape of ${node.operator} has been freed by an earlier backward`);
        }
        const sums = new Set<Tensor>();
        const pass: BackwardPass = {
          needs: (i) => isNeeded(node.inputs[i]),
          accumulator(i) {
            const input = node.inputs[i];
            const sum = input && cotangents.addable(input, dy);
            if (sum) sums.add(sum);
            return sum;
          },
        };
        // With createGraph, intermediate results are kept, since gradients may be differentiated again.
        const gradients = createGraph ? node.gradient(dy, pass) : gpu.scope(() => [...node.gradient(dy, pass)]);
        // One tensor may be the gradient of several inputs, so it is freed only after all inputs have theirs.
        const spent = new Set([dy]);
        node.inputs.forEach((input, i) => {
          const gradient = gradients[i];
          if (!gradient || sums.has(gradient)) return;
          if (!input || !isNeeded(input)) spent.add(gradient);
          else {
            checkKept(input);
            for (const summand of cotangents.add(input, gradient)) spent.add(summand);
          }
        });
        for (const gradient of spent) cotangents.release(gradient);
      }
      if (!createGraph) for (const tensor of node.saved) tensor.dispose();
    }
    cotangents.separate(options.dy);
  };
  const { recorder } = gpu;
  if (createGraph) work();
  else gpu.noGrad(() => (recorder ? recorder.backward(work) : work()));
  return cotangents.results;
}

/** The gradients computed so far in the backward pass, summed where a tensor was used more than once. */
class Cotangents {
  /** The gradients of the wanted tensors so far. */
  readonly results = new Map<Tensor, Tensor>();
  readonly #pending = new Map<Tensor, Tensor>();
  readonly #wanted: ReadonlySet<Tensor>;
  readonly #keep: Tensor | "all" | undefined;

  constructor(wanted: ReadonlySet<Tensor>, keep: Tensor | "all" | undefined) {
    this.#wanted = wanted;
    this.#keep = keep;
  }

  /** Adds a gradient of a tensor. Returns the two summands if there was a sum, which may no longer be needed. */
  add(tensor: Tensor, gradient: Tensor): Tensor[] {
    const before = this.#pending.get(tensor);
    const sum = before ? add(before, gradient) : gradient;
    this.#pending.set(tensor, sum);
    if (this.#wanted.has(tensor)) this.results.set(tensor, sum);
    return before ? [before, gradient] : [];
  }

  /**
   * The gradient of a tensor so far, if it may be added to in place (nothing shares its memory) while the node with the
   * gradient `dy` is processed.
   */
  addable(tensor: Tensor, dy: Tensor): Tensor | undefined {
    const gradient = this.#pending.get(tensor);
    if (!gradient || this.#keep === "all" || this.#keep === gradient || gradient === dy) return undefined;
    const { storage, gpu } = gradient;
    // A constant of a recorded program must keep its value for the next replay.
    const shared = storage.references > 1 || storage.root !== storage;
    if (shared || (gpu.recorder && !storage.virtual)) return undefined;
    for (const [other, pending] of this.#pending) if (pending === gradient && other !== tensor) return undefined;
    for (const [other, result] of this.results) if (result === gradient && other !== tensor) return undefined;
    return gradient;
  }

  take(tensor: Tensor): Tensor | undefined {
    const gradient = this.#pending.get(tensor);
    this.#pending.delete(tensor);
    return gradient;
  }

  /**
   * Makes every result a tensor of its own, also where an operator returned the same one, or the caller's dy, for
   * several inputs.
   */
  separate(dy: Tensor | undefined): void {
    const taken = new Set(dy ? [dy] : []);
    for (const [tensor, result] of this.results) {
      if (taken.has(result)) this.results.set(tensor, reshape(result, result.shape));
      else taken.add(result);
    }
  }

  /** Frees a gradient unless it is still in use: an operator may return the tensor that it was given. */
  release(gradient: Tensor): void {
    if (this.#keep === "all" || this.#keep === gradient) return;
    for (const pending of this.#pending.values()) if (pending === gradient) return;
    for (const result of this.results.values()) if (result === gradient) return;
    gradient.dispose();
  }
}
