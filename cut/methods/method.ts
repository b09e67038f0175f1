// What a method of translation says of itself: its networks, what a step draws at random, and the step as one function
// that is recorded. All else goes by these names and knows no method: recording, optimizers, checkpoints, resuming,
// memory plans, samples, translation and reports (cut/training and the rooms above it). cut/methods/cut.ts is an
// example; CONTRIBUTING.md has the recipe for a method of your own.
import type { Dtype, Shape, Tensor } from "../../engine/core/tensor.js";
import type { Gpu } from "../../engine/device/gpu.js";
import type { Random } from "../../engine/random.js";
import type { Heads } from "../networks/heads.js";
import type { Parameters, PictureGenerator, Weights } from "../networks/network.js";
import type { TrainOptions } from "../options/train-schema.js";

/** What one batch measures: pictures per side, and their sides in pixels. */
export interface BatchSize {
  batch: number;
  height: number;
  width: number;
}

/** Whole numbers that a run carries from step to step, such as how full a bank is; a checkpoint keeps them. */
export type Counts = Readonly<Record<string, number>>;

/** Where a run stands when a step is drawn. */
export interface StepMoment {
  /** The run's one random stream. */
  random: Random;
  size: BatchSize;
  /** 1-based. */
  epoch: number;
  /** How many steps are done before this one. */
  step: number;
  counts: Counts;
}

/** What is decided for one step before it is given to the GPU. */
export interface Draw {
  /** The recordings that play, in order: of the method's `kinds`, most often one. */
  kinds: readonly string[];
  /** Contents of the tensors that `inputs` names. */
  values: Readonly<Record<string, Float32Array | Int32Array>>;
  /** The counts after the step, where they change. */
  counts?: Counts;
}

/** The shape of a tensor that every step writes anew; f32 unless it says otherwise. */
export interface InputShape {
  shape: Shape;
  dtype?: Dtype;
}

/** A step under recording. */
export interface StepRecording {
  readonly kind: string;
  /** The pictures of the two domains [N, C, H, W] in [-1, 1]. */
  readonly A: Tensor;
  readonly B: Tensor;
  /** The tensor that `inputs` has under a name. */
  drawn(name: string): Tensor;
  /**
   * Updates networks, by name, along the gradients of a loss. What is computed after it sees them updated. Returns the
   * gradients by network, in the order of the parameters; with f16 they are multiplied by the loss scale.
   */
  learn(loss: Tensor, ...networks: string[]): Readonly<Record<string, Tensor[]>>;
  /** Logs losses of one number each. */
  log(losses: Readonly<Record<string, Tensor>>): void;
  /** Logs the numbers of a tensor, in its order, under names. */
  logEach(names: readonly string[], values: Tensor): void;
}

/** Adam's settings for one network. */
export interface AdamSettings {
  beta1: number;
  beta2: number;
  /** The network's learning rate is the run's times this. */
  rate: number;
}

/** A network that learns. */
export interface LearningNetwork {
  readonly parameters: Parameters;
  /** Its first weights, where they are not for the options init_type and init_gain to say. */
  initialWeights?(random: Random): Weights;
}

/** How the patches of a translation are compared with those of its input, where a method trains for that. */
export interface PatchFeatures {
  /** Null where features are compared as they are. */
  heads: Heads | null;
  layers: readonly number[];
  /** How many of a layer at most. */
  patches: number;
}

/** A method with its networks on a GPU. Their weights are written by the caller. */
export interface Method {
  /** By the names that checkpoints and files give them. Each has an Adam of its own. */
  readonly networks: Readonly<Record<string, LearningNetwork>>;
  /** The one of them that translates A. */
  readonly generator: PictureGenerator;
  readonly patchFeatures: PatchFeatures | null;
  /** Tensors beyond networks that a run carries from step to step, by name; a checkpoint keeps them. */
  readonly state?: ReadonlyMap<string, Tensor>;
  /** Settings for networks, by name, for which those of the options do not hold. */
  readonly adam?: Readonly<Record<string, AdamSettings>>;
  /** What is recorded by itself, when it first occurs, because it computes something else; the usual step first. */
  readonly kinds: readonly string[];
  /** What a step of a size reads beside the pictures. */
  inputs(size: BatchSize): Readonly<Record<string, InputShape>>;
  /** Decides what is random in a step. */
  draw(moment: StepMoment): Draw;
  /** The step itself. Returns the pictures that it made, by name. */
  record(step: StepRecording): Record<string, Tensor>;
}

/** Makes a method's networks on a GPU as the options say. */
export type MakeMethod = (gpu: Gpu, options: TrainOptions) => Method;
