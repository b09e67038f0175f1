// Cases of Einstein's sums.
import * as engine from "../../engine/index.js";
import * as reference from "../../engine/reference.js";
import { byDifferences, type FamilyTests, type OperatorCase, values } from "./support/case.js";

const einsum = (equation: string, a: number[], b: number[]): OperatorCase =>
  byDifferences(
    equation,
    [values(a), values(b)],
    (a, b) => engine.einsum(equation, a, b),
    (a, b) => reference.einsum(equation, a, b),
  );

export const cases: FamilyTests["cases"] = {
  einsum: {
    cases: [
      einsum("ij,jk->ik", [2, 3], [3, 4]),
      einsum("bhqc,bhkc->bhqk", [2, 2, 3, 2], [2, 2, 2, 2]),
      einsum("nchw,oc->nohw", [2, 3, 2, 2], [4, 3]),
      einsum("i,j->ji", [3], [2]),
      einsum("ijk,kj->", [2, 3, 2], [2, 3]),
      einsum("ij,ij->i", [3, 4], [3, 4]),
    ],
  },
};
