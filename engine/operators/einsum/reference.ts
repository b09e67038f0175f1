// Einstein's sums of two tensors, index by index.
import { build, type Dense, element } from "../lib/reference/dense.js";

/** "ij,jk->ik" and its like: for every index of the result the sum over the letters that it lacks. */
export function einsum(equation: string, a: Dense, b: Dense): Dense {
  const [first, second, out] = equation.split(/,|->/);
  const sizes = new Map<string, number>();
  for (const [i, letter] of [...first].entries()) sizes.set(letter, a.shape[i]);
  for (const [i, letter] of [...second].entries()) sizes.set(letter, b.shape[i]);
  const summed = [...sizes.keys()].filter((letter) => !out.includes(letter));
  const sizeOf = (letters: Iterable<string>) => Array.from(letters, (letter) => sizes.get(letter) as number);
  return build(sizeOf(out), (index) => {
    let total = 0;
    build(sizeOf(summed), (inner) => {
      const at = (letter: string) =>
        out.includes(letter) ? index[out.indexOf(letter)] : inner[summed.indexOf(letter)];
      total += element(a, Array.from(first, at)) * element(b, Array.from(second, at));
      return 0;
    });
    return total;
  });
}
