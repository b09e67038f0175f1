// The list of all families of operators. A family has one name everywhere: its folder here (index.ts, reference.ts),
// its shaders, its test cases and its rows in the benchmark. Tests, benchmarks and the tuner iterate over this table,
// and test/operators/families.test.ts reports missing files of a family. Public functions are not listed; they are
// those that engine/index.ts exports.
import type { Inputs, OperatorRecord } from "./core/operator.js";
import type { Shape, Tensor } from "./core/tensor.js";
import type { AdapterTraits } from "./device/adapter.js";
import * as engine from "./index.js";
import * as convolution from "./operators/convolution/index.js";
import * as creation from "./operators/creation/index.js";
import * as einsum from "./operators/einsum/index.js";
import * as extrema from "./operators/extrema/index.js";
import * as gather from "./operators/gather/index.js";
import * as instanceNorm from "./operators/instance-norm/index.js";
import * as losses from "./operators/losses/index.js";
import * as matmul from "./operators/matmul/index.js";
import * as normalization from "./operators/normalization/index.js";
import * as padding from "./operators/padding/index.js";
import * as patchNce from "./operators/patch-nce/index.js";
import * as pictures from "./operators/pictures/index.js";
import * as pointwise from "./operators/pointwise/index.js";
import * as pooling from "./operators/pooling/index.js";
import * as reduction from "./operators/reduction/index.js";
import * as resample from "./operators/resample/index.js";
import * as selection from "./operators/selection/index.js";
import * as strided from "./operators/strided/index.js";
import * as optimizers from "./optimizers/index.js";

/** What the table takes from an operator record. */
export interface OperatorSummary {
  readonly name: string;
  readonly variants: readonly string[];
  readonly differentiable: boolean;
  /** The choices of kernels that it makes: its own if it has variants, and those of operators that it runs. */
  readonly choices: readonly string[];
  /** Whether a variant's kernels can compute a call on an adapter. Pure. */
  readonly applies: (
    variant: string,
    shapes: readonly (Shape | undefined)[],
    options: object,
    adapter: AdapterTraits,
  ) => boolean;
  /** The operator itself. */
  readonly run: (inputs: Inputs, options: object) => Tensor;
}

interface FamilyDescription {
  /** Choices of kernels that several operators share, by the name under which they are forced. */
  readonly choices?: { readonly [choice: string]: readonly string[] };
  /** The choices of kernels that an operator without variants makes. */
  readonly runs?: { readonly [operator: string]: readonly string[] };
}

export interface Family<N extends string = string> extends FamilyDescription {
  readonly name: N;
  /** Public functions: engine/index.ts exports them, by public.ts, and test/operators has cases of them. */
  readonly public: readonly string[];
  readonly operators: readonly OperatorSummary[];
}

/** A family made from the exports of its main file, among which are the operator records. */
function family<N extends string>(name: N, module: object, description: FamilyDescription = {}): Family<N> {
  const operators = Object.values(module).flatMap((value): OperatorSummary[] => {
    const { record } = value as { record?: OperatorRecord<Inputs, object> };
    if (!record) return [];
    const variants = Object.keys(record.variants ?? {});
    const choices = [...(variants.length ? [record.name] : []), ...(description.runs?.[record.name] ?? [])];
    const differentiable = record.gradient !== undefined;
    const applies = record.applies ?? (() => true);
    return [{ name: record.name, variants, differentiable, choices, applies, run: value as OperatorSummary["run"] }];
  });
  const exported = Object.keys(module).filter((each) => each in engine);
  return { ...description, name, public: exported, operators };
}

export const families = [
  family("convolution", convolution),
  family("creation", creation),
  family("einsum", einsum),
  family("extrema", extrema, { runs: { max: [reduction.REDUCE], min: [reduction.REDUCE] } }),
  family("gather", gather),
  family("instance-norm", instanceNorm),
  family("losses", losses),
  family("matmul", matmul),
  family("normalization", normalization),
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
  family("pictures", pictures),
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

/** Every operator of the engine, by name. */
export const operatorTable: ReadonlyMap<string, OperatorSummary> = new Map(
  families.flatMap(({ operators }) => operators).map((operator) => [operator.name, operator]),
);
