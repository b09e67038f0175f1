// The cases of every family, as the tests that walk the engine's table take them. A family of the table that is missing
// here does not compile, unless it says why it has none.
import * as convolution from "../convolution.js";
import * as creation from "../creation.js";
import * as einsum from "../einsum.js";
import * as extrema from "../extrema.js";
import * as gather from "../gather.js";
import * as instanceNorm from "../instance-norm.js";
import * as losses from "../losses.js";
import * as matmul from "../matmul.js";
import * as normalization from "../normalization.js";
import * as optimizers from "../optimizers.js";
import * as padding from "../padding.js";
import * as patchNce from "../patch-nce.js";
import * as pointwise from "../pointwise.js";
import * as pooling from "../pooling.js";
import * as reduction from "../reduction.js";
import * as resample from "../resample.js";
import * as selection from "../selection.js";
import * as strided from "../strided.js";
import type { FamilyTests, OperatorRow } from "./case.js";
import type { FamilyName } from "./pieces.js";

export const familyTests: { readonly [family in Exclude<FamilyName, "pictures">]: FamilyTests } = {
  convolution,
  creation,
  einsum,
  extrema,
  gather,
  "instance-norm": instanceNorm,
  losses,
  matmul,
  normalization,
  optimizers,
  padding,
  "patch-nce": patchNce,
  pointwise,
  pooling,
  reduction,
  resample,
  selection,
  strided,
};

/** Every operator that users call. */
export const operatorCases: ReadonlyMap<string, OperatorRow> = new Map(
  Object.values(familyTests).flatMap(({ cases }: FamilyTests) => Object.entries(cases)),
);
