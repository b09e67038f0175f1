// The files that a family of operators has, and why some have not all of them.
import type { families } from "../../../engine/families.js";

export type FamilyName = (typeof families)[number]["name"];

const folderOf = (family: string) => (family === "optimizers" ? "engine/optimizers" : `engine/operators/${family}`);

/** The files of a family, below the project's folder. */
export const PIECES = {
  main: (family: string) => `${folderOf(family)}/index.ts`,
  reference: (family: string) => `${folderOf(family)}/reference.ts`,
  shaders: (family: string) => `shaders/${family}`,
  cases: (family: string) => `test/operators/${family}.ts`,
  bench: (family: string) => `bench/operators/${family}.ts`,
} as const;
export type Piece = keyof typeof PIECES;

/** The pieces that families lack, with the reason. */
export const LACKING: { readonly [family in FamilyName]?: { readonly [piece in Piece]?: string } } = {
  einsum: { shaders: "composed of other operators", bench: "it is a product of matrices, which has its rows" },
  losses: { shaders: "losses are composed of other operators" },
  pictures: {
    reference: "pictures are moved, and crops' numbers are exact: test/cut/data/crops.test.ts defines them",
    cases: "inputs or outputs are no tensors; test/operators/pictures.test.ts has the tests",
  },
};
