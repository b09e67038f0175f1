// CUT as a library: networks, the training step and loop, checkpoints, translation. Runs in Node and in a browser;
// nothing here touches files, the terminal or a driver.

/** @module cutgpu/cut */

export { type Picture, pictureToPlanes, planesToPicture } from "./data/picture.js";
export { kendall, pearson, spearman } from "./evaluation/correlation.js";
export { type Distortion, ladderDistortions } from "./evaluation/distortions/ladder-steps.js";
export { type Evaluation, type EvaluationInput, evaluate } from "./evaluation/evaluate.js";
export { type Features, featuresOf } from "./evaluation/features.js";
export type { Figure } from "./evaluation/figures.js";
export { frechetDistance } from "./evaluation/frechet-distance.js";
export { HeldOut, type Measured } from "./evaluation/held-out.js";
export { KernelDistance } from "./evaluation/kernel-distance.js";
export { type Ladder, type LadderInput, runLadder } from "./evaluation/ladder/ladder.js";
export { type NeighbourShares, nearestRows, neighbourShares } from "./evaluation/neighbours.js";
export { type FeatureNetwork, fidInception, kerasInception, mobilenetTrunk } from "./evaluation/networks/extractors.js";
export type { ShapedWeights } from "./evaluation/networks/folding.js";
export { type InputProtocol, networkInput } from "./evaluation/networks/input.js";
export { type NsfwjsModel, nsfwjsWeights } from "./evaluation/networks/nsfwjs.js";
export { Lpips } from "./evaluation/networks/squeezenet.js";
export { correlateOpinions, type OpinionCorrelation } from "./evaluation/opinion-scores.js";
export { l1, msSsim, psnr, ssim } from "./evaluation/pair-metrics.js";
export type { PairMetric, PictureSet } from "./evaluation/pairs.js";
export {
  type LayerComparison,
  type PatchEmbeddings,
  PatchMetric,
  type PatchMetricOptions,
} from "./evaluation/patches/patch-metric.js";
export { comparePatchPairs, type PatchPair, type PatchPairsInput } from "./evaluation/patches/patch-pairs.js";
export { type SelfTrainingOptions, trainPatchEncoder } from "./evaluation/patches/self-training.js";
export type { FeatureExtractor } from "./evaluation/picture-features.js";
export { type Planes, planesOf } from "./evaluation/planes.js";
export { mindDistance, slicedWasserstein } from "./evaluation/sliced-wasserstein.js";
export { type InspectedLayer, positionAt } from "./inspection/inspected-layer.js";
export { type InspectModel, loadInspectModel } from "./inspection/inspection-model.js";
export { type ComponentsMap, Inspector, type SimilarityMap } from "./inspection/inspector.js";
export type { CorrespondenceMap, LossMap, PatchMatch } from "./inspection/patch-maps.js";
export { Cut, type CutChoices } from "./methods/cut.js";
export { ganLoss } from "./methods/gan-loss.js";
export { methods } from "./methods/index.js";
export type {
  BatchSize,
  Counts,
  Draw,
  InputShape,
  MakeMethod,
  Method,
  PatchFeatures,
  StepContext,
  StepRecording,
} from "./methods/method.js";
export { Discriminator } from "./networks/discriminator.js";
export type { DiscriminatorArchitecture } from "./networks/discriminator-layout.js";
export { Generator } from "./networks/generator.js";
export type { GeneratorArchitecture } from "./networks/generator-layout.js";
export { Heads, type HeadsArchitecture } from "./networks/heads.js";
export {
  frozen,
  initialWeights,
  type Parameters,
  readParameters,
  type Weights,
  writeParameters,
} from "./networks/network.js";
export { presets } from "./options/presets.js";
export { mergeForResume, resolveOptions } from "./options/train-options.js";
export type { TrainOptions } from "./options/train-schema.js";
export { colourScaleCss, falseColour } from "./report/colormap.js";
export { componentsPicture, markPoint, similarityPicture } from "./report/overlay.js";
export { type Checkpoint, parseCheckpoint, serializeCheckpoint } from "./training/checkpoint.js";
export { generatorStateDict, loadGenerator, parseGenerator } from "./training/generator-file.js";
export { learningRateFactor } from "./training/learning-rate.js";
export { planStep, type StepPlan } from "./training/memory-plan.js";
export type { RunState } from "./training/run-state.js";
export { type BatchSource, Training, type TrainingListener } from "./training/training-loop.js";
export {
  type PictureSource,
  type StepInput,
  type StepLosses,
  type TrainingBatch,
  TrainingStep,
} from "./training/training-step.js";
export { memoryScratch, type OpenScratch, type Scratch } from "./translation/stored-map.js";
export { type TiledOptions, type TiledPicture, TiledTranslator } from "./translation/tiled-translator.js";
export { Translator } from "./translation/translator.js";
