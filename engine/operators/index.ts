// All operators: the functions that callers use, and the table of records that tests and benchmarks walk.
import * as batch from "./batch.js";
import * as convolution from "./convolution.js";
import * as elementwise from "./elementwise.js";
import * as matmul from "./matmul.js";
import * as normalization from "./normalization.js";
import * as padding from "./padding.js";
import * as patchPath from "./patch-path.js";
import * as patches from "./patches.js";
import * as reduction from "./reduction.js";
import * as resample from "./resample.js";

/** What the table needs of a record, whatever its inputs. */
export interface OperatorSummary {
  readonly name: string;
  readonly variants: readonly string[];
  readonly differentiable: boolean;
}

/** Every operator of the engine, by name. */
export const operatorTable: ReadonlyMap<string, OperatorSummary> = new Map(
  [batch, convolution, elementwise, matmul, normalization, padding, patchPath, patches, reduction, resample]
    .flatMap((module) => Object.values(module) as unknown[])
    .flatMap((value) => {
      const record = (value as { record?: { name: string; variants?: readonly string[]; gradient?: unknown } })?.record;
      if (!record) return [];
      const { name, variants = [], gradient } = record;
      return [[name, { name, variants, differentiable: gradient !== undefined }] as const];
    }),
);
