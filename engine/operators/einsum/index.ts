// Einstein's sums of two tensors, as one product of matrices between changes of the order of the axes.
import { reshape } from "../../core/reshape.js";
import { sizeOf, type Tensor } from "../../core/tensor.js";
import { checkValue } from "../../lib/check-options.js";
import { ArgumentError, ShapeError } from "../../lib/errors.js";
import { shapeIn, shapeText } from "../../lib/shapes.js";
import { matmul } from "../matmul/index.js";
import { sum } from "../reduction/index.js";
import { permute } from "../strided/index.js";

/**
 * PyTorch's einsum of two tensors: "bij,bjk->bik" names the axes of both and of the result by letters; letters that the
 * result lacks are summed over. No operand may name an axis twice.
 *
 * @example
 * ```ts
 * const [a, b] = [gpu.tensor([[1, 2], [3, 4]]), gpu.tensor([[1, 0], [2, 1]])];
 * console.log(await einsum("ij,jk->ik", a, b).read()); // 5, 2, 11, 4
 * console.log(await einsum("ij,ij->i", a, b).read()); // 1, 10: the dot products of rows
 * ```
 */
export function einsum(equation: string, a: Tensor, b: Tensor): Tensor {
  checkValue("einsum: the equation", equation, [(text) => typeof text === "string", 'text such as "ij,jk->ik"']);
  const [, first, second, out] = /^([a-z]*),([a-z]*)->([a-z]*)$/i.exec(equation.replaceAll(" ", "")) ?? [];
  const once = (letters: string) => new Set(letters).size === letters.length;
  const sound = out !== undefined && [first, second, out].every(once);
  if (!sound || [...out].some((letter) => !(first + second).includes(letter)))
    throw new ArgumentError(`einsum: "${equation}" is no sum of two tensors`, 'Write it as "ij,jk->ik".');
  const sizes = new Map<string, number>();
  for (const [letters, tensor] of [
    [first, a],
    [second, b],
  ] as const) {
    if (letters.length !== shapeIn("einsum", tensor).length)
      throw new ShapeError(
        `einsum: "${letters}" does not name the axes of ${shapeText(tensor)}`,
        "Give each a letter.",
      );
    [...letters].forEach((letter, axis) => {
      const n = tensor.shape[axis];
      if ((sizes.get(letter) ?? n) !== n)
        throw new ShapeError(`einsum: ${letter} is ${sizes.get(letter)} and ${n}`, "Both must be equal.");
      sizes.set(letter, n);
    });
  }
  const shared = [...first].filter((letter) => second.includes(letter));
  const batch = shared.filter((letter) => out.includes(letter));
  const summed = shared.filter((letter) => !out.includes(letter));
  const freeOf = (letters: string, other: string) =>
    [...letters].filter((letter) => !other.includes(letter) && out.includes(letter));
  const [freeA, freeB] = [freeOf(first, second), freeOf(second, first)];
  const size = (letters: readonly string[]) => sizeOf(letters.map((letter) => sizes.get(letter) as number));
  /** An operand with its axes in three groups, each of them as one. */
  const grouped = (x: Tensor, letters: string, groups: readonly (readonly string[])[]): Tensor => {
    const kept = groups.flat();
    const alone = [...letters].flatMap((letter, axis) => (kept.includes(letter) ? [] : [axis]));
    const rest = [...letters].filter((letter) => kept.includes(letter));
    const less = alone.length ? sum(x, alone) : x;
    const order = kept.map((letter) => rest.indexOf(letter));
    return reshape(permute(less, order), groups.map(size));
  };
  const y = matmul(grouped(a, first, [batch, freeA, summed]), grouped(b, second, [batch, summed, freeB]));
  const made = [...batch, ...freeA, ...freeB];
  const unfolded = reshape(
    y,
    made.map((letter) => sizes.get(letter) as number),
  );
  return permute(
    unfolded,
    [...out].map((letter) => made.indexOf(letter)),
  );
}
