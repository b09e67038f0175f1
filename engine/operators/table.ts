// All operators: the functions that callers use, and the table of records that tests and benchmarks walk.
import * as batch from "./batch/index.js";
import * as convolution from "./convolution/index.js";
import * as gather from "./gather/index.js";
import * as normalization from "./instance-norm/index.js";
import * as matmul from "./matmul/index.js";
import * as padding from "./padding/index.js";
import * as patches from "./patch-nce/index.js";
import * as elementwise from "./pointwise/index.js";
import * as reduction from "./reduction/index.js";
import * as resample from "./resample/index.js";

/** What the table needs of a record, whatever its inputs. */
export interface OperatorSummary {
  readonly name: string;
  readonly variants: readonly string[];
  readonly differentiable: boolean;
}

/** Every operator of the engine, by name. */
export const operatorTable: ReadonlyMap<string, OperatorSummary> = new Map(
  [batch, convolution, elementwise, matmul, normalization, padding, patches, gather, reduction, resample]
    .flatMap((module) => Object.values(module) as unknown[])
    .flatMap((value) => {
      const record = (value as { record?: { name: string; variants?: object; gradient?: unknown } })?.record;
      if (!record) return [];
      const { name, gradient } = record;
      const variants = Object.keys(record.variants ?? {});
      return [[name, { name, variants, differentiable: gradient !== undefined }] as const];
    }),
);
