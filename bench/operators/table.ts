// The operators of all families, which are named as the engine's (engine/families.ts), in the order of the rows.
// A row is added in its family's file. Three families export cases instead, because their rows are measured in other
// ways: the convolutions' directions, optimizers and pictures (bench/suites/kernels.ts).

import { convolutionBenches } from "./convolution.js";
import { creationBenches } from "./creation.js";
import { extremaBenches } from "./extrema.js";
import { gatherBenches } from "./gather.js";
import { instanceNormBenches } from "./instance-norm.js";
import type { OperatorBench } from "./lib.js";
import { lossBenches } from "./losses.js";
import { matmulBenches } from "./matmul.js";
import { normalizationBenches } from "./normalization.js";
import { paddingBenches } from "./padding.js";
import { patchNceBenches } from "./patch-nce.js";
import { pointwiseBenches } from "./pointwise.js";
import { poolingBenches } from "./pooling.js";
import { reductionBenches } from "./reduction.js";
import { resampleBenches } from "./resample.js";
import { selectionBenches } from "./selection.js";
import { stridedBenches } from "./strided.js";

export const operatorBenches: readonly OperatorBench[] = [
  ...matmulBenches,
  ...convolutionBenches,
  ...reductionBenches,
  ...creationBenches,
  ...extremaBenches,
  ...instanceNormBenches,
  ...normalizationBenches,
  ...gatherBenches,
  ...patchNceBenches,
  ...stridedBenches,
  ...paddingBenches,
  ...poolingBenches,
  ...resampleBenches,
  ...pointwiseBenches,
  ...selectionBenches,
  ...lossBenches,
];
