// The families of operators, listed once. A family has one name everywhere: its folder here (index.ts, reference.ts),
// its shaders, its test cases and its rows in the benchmark. Tests, benchmarks and the tuner walk this table, and
// test/operators/families.test.ts says which piece of a family is missing. Which functions are public is not listed: it
// is read off engine/index.ts.
import type { Inputs } from "../core/operator.js";
import type { Tensor } from "../core/tensor.js";
import * as engine from "../index.js";
import * as optimizers from "../optimizers/index.js";
import * as convolution from "./convolution/index.js";
import * as creation from "./creation/index.js";
import * as einsum from "./einsum/index.js";
import * as extrema from "./extrema/index.js";
import * as gather from "./gather/index.js";
import * as instanceNorm from "./instance-norm/index.js";
import * as losses from "./losses/index.js";
import * as matmul from "./matmul/index.js";
import * as normalization from "./normalization/index.js";
import * as padding from "./padding/index.js";
import * as patchNce from "./patch-nce/index.js";
import * as pictures from "./pictures/index.js";
import * as pointwise from "./pointwise/index.js";
import * as pooling from "./pooling/index.js";
import * as reduction from "./reduction/index.js";
import * as resample from "./resample/index.js";
import * as selection from "./selection/index.js";
import * as strided from "./strided/index.js";

/** What the table needs of a record, whatever its inputs. */
export interface OperatorSummary {
  readonly name: string;
  readonly variants: readonly string[];
  readonly differentiable: boolean;
  /** The choices of kernels that it runs: its own where it has variants, and those of other operators. */
  readonly choices: readonly string[];
  /** The operator itself. */
  readonly run: (inputs: Inputs, options: object) => Tensor;
}

/** The files of a family, below the project's folder. */
export const PIECES = {
  main: (family: string) => `${folderOf(family)}/index.ts`,
  reference: (family: string) => `${folderOf(family)}/reference.ts`,
  shaders: (family: string) => `shaders/${family}`,
  cases: (family: string) => `test/operators/${family}.ts`,
  bench: (family: string) => `bench/operators/${family}.ts`,
} as const;
export type Piece = keyof typeof PIECES;

const folderOf = (family: string) => (family === "optimizers" ? "engine/optimizers" : `engine/operators/${family}`);

interface FamilyDescription {
  /** Choices of kernels that are no operator's own, by the name under which they are forced. */
  readonly choices?: { readonly [choice: string]: readonly string[] };
  /** The choices of kernels that an operator without variants runs. */
  readonly runs?: { readonly [operator: string]: readonly string[] };
  /** Why a piece is not there. */
  readonly without?: { readonly [piece in Piece]?: string };
}

export interface Family<N extends string = string> extends FamilyDescription {
  readonly name: N;
  /** What users call: engine/index.ts exports it, by public.ts, and test/operators has cases of it. */
  readonly public: readonly string[];
  readonly operators: readonly OperatorSummary[];
}

/** A family from its main file's exports: the operators' records are among them. */
function family<N extends string>(name: N, module: object, description: FamilyDescription = {}): Family<N> {
  const operators = Object.values(module).flatMap((value): OperatorSummary[] => {
    const { record } = value as { record?: { name: string; variants?: object; gradient?: unknown } };
    if (!record) return [];
    const variants = Object.keys(record.variants ?? {});
    const choices = [...(variants.length ? [record.name] : []), ...(description.runs?.[record.name] ?? [])];
    const differentiable = record.gradient !== undefined;
    return [{ name: record.name, variants, differentiable, choices, run: value as OperatorSummary["run"] }];
  });
  const exported = Object.keys(module).filter((each) => each in engine);
  return { ...description, name, public: exported, operators };
}

export const families = [
  family("convolution", convolution),
  family("creation", creation),
  family("einsum", einsum, {
    without: { shaders: "composed of other operators", bench: "it is a product of matrices, which has its rows" },
  }),
  family("extrema", extrema, { runs: { max: [reduction.REDUCE], min: [reduction.REDUCE] } }),
  family("gather", gather),
  family("instance-norm", instanceNorm),
  family("losses", losses, { without: { shaders: "losses are composed of other operators" } }),
  family("matmul", matmul),
  family("normalization", normalization, { without: { shaders: "composed of other operators" } }),
  family("optimizers", optimizers),
  family("padding", padding),
  family("patch-nce", patchNce, {
    runs: {
      patchNceGradient: ["patchNce"],
      fusedPatchNce: ["patchNce", "linear"],
      hdce: ["matmul"],
      hdceGradient: ["matmul"],
      monce: ["matmul"],
      monceGradient: ["matmul"],
    },
  }),
  family("pictures", pictures, {
    without: {
      reference: "pictures are moved, and crops' numbers are exact: test/cut/data/crops.test.ts defines them",
      cases: "inputs or outputs are no tensors; test/operators/pictures.test.ts has the tests",
    },
  }),
  family("pointwise", pointwise),
  family("pooling", pooling),
  family("reduction", reduction, {
    choices: { [reduction.REDUCE]: reduction.REDUCE_VARIANTS },
    runs: { sum: [reduction.REDUCE] },
  }),
  family("resample", resample),
  family("selection", selection),
  family("strided", strided),
];

export type FamilyName = (typeof families)[number]["name"];

/** Every operator of the engine, by name. */
export const operatorTable: ReadonlyMap<string, OperatorSummary> = new Map(
  families.flatMap(({ operators }) => operators).map((operator) => [operator.name, operator]),
);

/** Every choice of kernels that can be forced, and its variants: of operators, and those that operators share. */
export const choiceTable: ReadonlyMap<string, readonly string[]> = new Map([
  ...[...operatorTable.values()]
    .filter(({ variants }) => variants.length > 0)
    .map(({ name, variants }) => [name, variants] as const),
  ...families.flatMap(({ choices = {} }) => Object.entries(choices)),
]);

/** A variant forced on every choice that has it, for gpu.variants.force. */
export const everywhere = (variant: string): { [choice: string]: string } =>
  Object.fromEntries(
    [...choiceTable].filter(([, variants]) => variants.includes(variant)).map(([name]) => [name, variant]),
  );
