// Patches of feature maps (docs/method.md sections 2.4 and 3): unit rows, PatchNCE, hDCE with SRC and MoNCE, and
// PatchNCE fused with gather and head.

export { fusedPatchNce, fusedPatchNceOperator, type Head, patchKeys } from "./fused.js";
export { type HdceOptions, hdce, hdceGradientOperator, hdceOperator } from "./hdce.js";
export { L2_EPS, l2Normalize, l2NormalizeGradientOperator, l2NormalizeOperator } from "./l2-normalize.js";
export { DIAGONAL_MASK, type PatchNceOptions, patchNce, patchNceGradientOperator, patchNceOperator } from "./loss.js";
export { type MonceOptions, monce, monceGradientOperator, monceOperator } from "./monce.js";
export { type PatchScoresOptions, patchScores } from "./scores.js";
