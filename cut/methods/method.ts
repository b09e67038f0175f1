// The interface of a method of translation: its networks, the random numbers of a step, and the step as one function
// that is recorded. Everything else works with this interface alone, for any method: recording, optimizers,
// checkpoints, resuming, memory plans, samples, translation and reports (cut/training and the folders above it).
// cut/methods/cut.ts is an example; CONTRIBUTING.md has the recipe for a method of your own.
import type { Gpu } from "../../engine/core/gpu.js";
import type { Dtype, Shape, Tensor } from "../../engine/core/tensor.js";
import type { Random } from "../../engine/lib/random.js";
import type { Heads } from "../networks/heads.js";
import type { Parameters, PictureGenerator, Weights } from "../networks/network.js";
import type { TrainOptions } from "../options/train-schema.js";

/** The size of a batch: pictures per domain, and their height and width in pixels. */
export interface BatchSize {
  batch: number;
  height: number;
  width: number;
}

/** Integers that a run carries from step to step, such as the fill level of a bank; saved in checkpoints. */
export type Counts = Readonly<Record<string, number>>;

/** The state of a run before a step, from which the step's random inputs are sampled. */
export interface StepContext {
  /** The run's one random stream. */
  random: Random;
  size: BatchSize;
  /** 1-based. */
  epoch: number;
  /** Number of steps done before this one. */
  step: number;
  counts: Counts;
}

/** The inputs of one step besides the pictures: which recordings to replay, and sampled values. */
export interface Draw {
  /** The recordings to replay, in order: usually one of the method's `kinds`. */
  kinds: readonly string[];
  /** Contents of the tensors declared by `inputs`. */
  values: Readonly<Record<string, Float32Array | Int32Array>>;
  /** The counts after the step, where they change. */
  counts?: Counts;
}

/** The shape and type (f32 by default) of a tensor that is written before every step. */
export interface InputShape {
  shape: Shape;
  dtype?: Dtype;
}

/** What a step can use while it is recorded. */
export interface StepRecording {
  readonly kind: string;
  /** The pictures of the two domains [N, C, H, W] in [-1, 1]. */
  readonly A: Tensor;
  readonly B: Tensor;
  /** The input tensor of this name, as declared by `inputs`. */
  drawn(name: string): Tensor;
  /**
   * Updates networks, by name, with the gradients of a loss. Later computations use the updated weights. Returns the
   * gradients by network, in the order of the parameters; with f16 they are multiplied by the loss scale.
   */
  learn(loss: Tensor, ...networks: string[]): Readonly<Record<string, Tensor[]>>;
  /** Logs scalar losses. */
  log(losses: Readonly<Record<string, Tensor>>): void;
  /** Logs the elements of a tensor in order, one under each name. */
  logEach(names: readonly string[], values: Tensor): void;
}

/** Adam's settings for one network. */
export interface AdamSettings {
  beta1: number;
  beta2: number;
  /** Factor of the network's learning rate: it is multiplied with the run's. */
  rate: number;
}

/** A network that is trained. */
export interface LearningNetwork {
  readonly parameters: Parameters;
  /** Its initial weights, where the options init_type and init_gain do not apply. */
  initialWeights?(random: Random): Weights;
}

/** How the patches of a translation are compared with those of its input, for methods with a patch loss. */
export interface PatchFeatures {
  /** Null where features are compared without heads. */
  heads: Heads | null;
  layers: readonly number[];
  /** Maximum number of patches per layer. */
  patches: number;
}

/** A method with its networks on a GPU. The caller initialises their weights. */
export interface Method {
  /** Networks by their names in checkpoints and files. Each has its own Adam optimizer. */
  readonly networks: Readonly<Record<string, LearningNetwork>>;
  /** The one that translates A. */
  readonly generator: PictureGenerator;
  readonly patchFeatures: PatchFeatures | null;
  /** Other tensors that a run carries from step to step, by name; saved in checkpoints. */
  readonly state?: ReadonlyMap<string, Tensor>;
  /** Adam's settings of networks that do not use those of the options, by name. */
  readonly adam?: Readonly<Record<string, AdamSettings>>;
  /** Names of the different steps, the usual one first. Each is recorded when it first occurs. */
  readonly kinds: readonly string[];
  /** The input tensors of a step for batches of a size, besides the pictures. */
  inputs(size: BatchSize): Readonly<Record<string, InputShape>>;
  /** Samples the random inputs of a step. */
  draw(context: StepContext): Draw;
  /** Computes the step. Returns the pictures that it made, by name. */
  record(step: StepRecording): Record<string, Tensor>;
}

/** Makes a method's networks on a GPU as the options say. */
export type MakeMethod = (gpu: Gpu, options: TrainOptions) => Method;
