// Golden values: answers computed once in float64 with PyTorch and stored as float32 in safetensors files. The tests
// read test/goldens/data, or the folder that the environment variable GOLDENS names, which may hold any other files of
// the same form. Nothing here knows the operators: a case is a name, its parameters and its tensors.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSafetensors } from "../../engine/formats/safetensors.js";
import { type StateDict, type StoredTensor, toFloat32 } from "../../engine/formats/state-dict.js";
import { type Dense, fromFloat32 } from "../../engine/operators/lib/reference/dense.js";

/** The folder of goldens. The compiled tests stand in dist/test/support, the data stay with the sources. */
export const goldensFolder =
  process.env["GOLDENS"] ?? fileURLToPath(new URL("../../../test/goldens/data/", import.meta.url));

/** Names of the safetensors files there, sorted. */
export function goldenFiles(): string[] {
  return readdirSync(goldensFolder)
    .filter((file) => file.endsWith(".safetensors"))
    .sort();
}

/** Tensors and metadata of one file of the folder. Throws FormatError on a malformed file. */
export function readGolden(file: string): StateDict {
  return parseSafetensors(new Uint8Array(readFileSync(join(goldensFolder, file))), file);
}

/** The named tensor in float64, whatever it was stored as. Throws if it is not there. */
export function goldenDense(golden: StateDict, name: string): Dense {
  const tensor = goldenTensor(golden, name);
  return fromFloat32(tensor.shape, toFloat32(tensor));
}

/** The named tensor of patch positions. Throws if it is not there, or is not stored as I32. */
export function goldenIds(golden: StateDict, name: string): Int32Array {
  const { data } = goldenTensor(golden, name);
  if (!(data instanceof Int32Array)) throw new Error(`The golden "${name}" is not stored as I32.`);
  return data;
}

function goldenTensor(golden: StateDict, name: string): StoredTensor {
  const tensor = golden.tensors.get(name);
  if (!tensor) throw new Error(`There is no golden "${name}".`);
  return tensor;
}

/** One operator at one shape: inputs, output, cotangent and gradients, by their short names (x, w, y, dy, dx, ...). */
export interface OperatorCase {
  readonly name: string;
  readonly op: string;
  /** As JSON has them: stride, padding, eps, slope, mode, ... */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The file that it is of. */
  readonly golden: StateDict;
  /** The tensor of that short name in float64. */
  dense(short: string): Dense;
  ids(short: string): Int32Array;
}

/** The operations of evaluation: what cut/evaluation computes, and no operators of the engine. */
const EVALUATION = new Set([
  ...["fid", "kid", "kidSubsets", "prdc", "slicedWasserstein", "swdPyramid", "ssim", "msSsim", "psnr", "l1"],
  ...["pearson", "spearman", "resizeBicubic", "networkInput", "features", "lpips"],
]);

/** The cases of all operator files. */
export const operatorCases = (): OperatorCase[] => allCases().filter(({ op }) => !EVALUATION.has(op));

/** The cases of evaluation: metrics and features. */
export const evaluationCases = (): OperatorCase[] => allCases().filter(({ op }) => EVALUATION.has(op));

const allCases = () => goldenFiles().flatMap((file) => operatorCasesOf(readGolden(file)));

/** The cases of one file; none where its metadata list no `cases`. */
export function operatorCasesOf(golden: StateDict): OperatorCase[] {
  if (!golden.metadata["cases"]) return [];
  const cases: Record<string, { op: string } & Record<string, unknown>> = JSON.parse(golden.metadata["cases"]);
  return Object.entries(cases).map(([name, { op, ...parameters }]) => {
    const tensors = new Map<string, StoredTensor>();
    for (const [full, tensor] of golden.tensors) {
      const short = full.slice(name.length + 1);
      if (full.startsWith(`${name}.`) && !short.includes(".")) tensors.set(short, tensor);
    }
    return {
      name,
      op,
      parameters,
      tensors,
      golden,
      dense: (short: string) => goldenDense(golden, `${name}.${short}`),
      ids: (short: string) => goldenIds(golden, `${name}.${short}`),
    };
  });
}

/** ||ours - golden|| / ||golden|| in the 2-norm; the absolute error where the golden is all zeros. NaN stays NaN. */
export function relativeError(ours: ArrayLike<number>, golden: ArrayLike<number>): number {
  if (ours.length !== golden.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < golden.length; i++) {
    difference += (ours[i] - golden[i]) ** 2;
    size += golden[i] ** 2;
  }
  return Math.sqrt(difference / (size || 1));
}
